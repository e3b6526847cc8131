//! The commands of `cargo plugin`, one module each.

mod bench;
mod build;
mod call;
mod client;
mod completions;
mod dev;
mod diff;
mod docs;
mod fuzz;
mod header;
mod hostile;
mod info;
mod install;
mod list;
mod new;
mod package;
mod page;
mod replay;
mod serve;
mod test;
mod validate;

use clap::Subcommand;

use crate::error::Result;
use crate::terminal::{Terminal, Verdict};

#[derive(Subcommand)]
pub enum Command {
    #[command(visible_alias = "create")]
    New(new::New),
    Build(build::Build),
    Validate(validate::Validate),
    Info(info::Info),
    List(list::List),
    Call(Box<call::Call>),
    Replay(replay::Replay),
    Dev(Box<dev::Dev>),
    Diff(diff::Diff),
    Test(test::Test),
    Fuzz(Box<fuzz::Fuzz>),
    Bench(bench::Bench),
    Package(package::Package),
    Install(install::Install),
    Docs(docs::Docs),
    Page(page::Page),
    Client(client::Client),
    Serve(Box<serve::Serve>),
    Header(header::Header),
    Hostile(hostile::Hostile),
    Completions(completions::Completions),
}

impl Command {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        match self {
            Command::New(command) => command.run(terminal),
            Command::Build(command) => command.run(terminal),
            Command::Validate(command) => command.run(terminal),
            Command::Info(command) => command.run(terminal),
            Command::List(command) => command.run(terminal),
            Command::Call(command) => command.run(terminal),
            Command::Replay(command) => command.run(terminal),
            Command::Dev(command) => command.run(terminal),
            Command::Diff(command) => command.run(terminal),
            Command::Test(command) => command.run(terminal),
            Command::Fuzz(command) => command.run(terminal),
            Command::Bench(command) => command.run(terminal),
            Command::Package(command) => command.run(terminal),
            Command::Install(command) => command.run(terminal),
            Command::Docs(command) => command.run(terminal),
            Command::Page(command) => command.run(terminal),
            Command::Client(command) => command.run(terminal),
            Command::Serve(command) => command.run(terminal),
            Command::Header(command) => command.run(terminal),
            Command::Hostile(command) => command.run(terminal),
            Command::Completions(command) => command.run(terminal),
        }
    }
}
