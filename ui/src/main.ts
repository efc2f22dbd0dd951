import { mount } from "svelte";
import App from "./App.svelte";
import "./styles/page.css";
import { begin } from "./state/session.svelte";

const target = document.getElementById("app");
if (target) mount(App, { target });
void begin();
