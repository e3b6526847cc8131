//! Serves the plugins of a folder: `cargo run -p plugin-sdk-server --example serve -- plugins`.

use std::error::Error;

use plugin_sdk_harness::registry::{PluginOptions, Registry};
use plugin_sdk_server::{ServerOptions, serve};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let dir = std::env::args().nth(1).ok_or("usage: serve FOLDER")?;
    let registry = Registry::new();
    let options = PluginOptions::new().setup(|_, plugin| plugin.grant("kv"));
    println!(
        "plugins: {}",
        registry.add_folder(&dir, options)?.join(", ")
    );
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}", listener.local_addr()?);
    let stop = async { drop(tokio::signal::ctrl_c().await) };
    serve(listener, registry, ServerOptions::new(), stop).await;
    Ok(())
}
