//! Embeds the built web client; without one, a page that says how to build it.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
    println!("cargo::rerun-if-changed=placeholder");
    let built = Path::new("../../web/dist/index.html").is_file();
    memory_serve::load_directory(if built { "../../web/dist" } else { "placeholder" });
}
