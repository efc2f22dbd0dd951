# A development shell with Nix. It could not be run where it was written (no Nix there): if something
# here does not evaluate, `rustup` and a C compiler with perl are all that the README's way needs.
#
# Holonix' main-0.7 branch gives holochain 0.7.0, and this repository pins 0.7.1: hence the override.
{
  description = "Rose Forest: a vector database without a server";

  inputs = {
    holonix = {
      url = "github:holochain/holonix?ref=main-0.7";
      inputs.holochain.url = "github:holochain/holochain?ref=holochain-0.7.1";
    };
    nixpkgs.follows = "holonix/nixpkgs";
    flake-parts.follows = "holonix/flake-parts";
    # For the exact compiler: another one makes another integrity wasm, and xtask refuses it.
    rust-overlay = {
      url = "github:oxalica/rust-overlay";
      inputs.nixpkgs.follows = "nixpkgs";
    };
  };

  outputs = inputs@{ flake-parts, nixpkgs, ... }:
    flake-parts.lib.mkFlake { inherit inputs; } {
      systems = builtins.attrNames inputs.holonix.devShells;
      perSystem = { inputs', system, ... }:
        let
          pkgs = import nixpkgs {
            inherit system;
            overlays = [ inputs.rust-overlay.overlays.default ];
          };
          rust = (pkgs.rust-bin.fromRustupToolchainFile ./rust-toolchain.toml).override {
            targets = [ "wasm32-unknown-unknown" ];
          };
        in
        {
          # Not Holonix' whole shell: it brings a compiler of its own.
          devShells.default = pkgs.mkShell {
            packages = [
              rust
              pkgs.perl
              pkgs.nodejs_22
              inputs'.holonix.packages.holochain
              inputs'.holonix.packages.lair-keystore
            ];
          };
        };
    };
}
