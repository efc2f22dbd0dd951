// Starts the page. Addresses are relative, so that it also works behind a proxy that adds a prefix.
SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#page',
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null, // its default sends the document to a server of others
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
});
