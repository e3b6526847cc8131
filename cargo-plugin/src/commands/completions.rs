//! `cargo plugin completions`

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::terminal::{Report, Terminal, Verdict};

/// The name that zsh's completions for cargo call, after an underscore, for `cargo plugin`.
const ZSH: &str = "cargo-plugin";

/// The name of the function in the completions for bash. clap_complete for bash does not spell
/// names with hyphens consistently.
const IN_BASH: &str = "cargo_plugin";

/// The script that makes bash complete `cargo plugin …` with these completions, and everything else
/// with cargo's.
const BASH: &str = include_str!("completions/cargo.bash");

/// Prints completions for a shell
#[derive(clap::Args)]
#[command(after_help = "\
To install them:
  bash        cargo plugin completions bash > ~/.local/share/cargo-plugin.bash
              echo '. ~/.local/share/cargo-plugin.bash' >> ~/.bashrc
  zsh         cargo plugin completions zsh > DIR/_cargo-plugin, in a folder DIR of $fpath
  fish        cargo plugin completions fish > ~/.config/fish/conf.d/cargo-plugin.fish
  powershell  cargo plugin completions powershell >> $PROFILE
  elvish      cargo plugin completions elvish >> ~/.config/elvish/rc.elv

They complete `cargo plugin …`. In bash, zsh and fish all other commands of cargo complete as before.")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let script = script(self.shell)?;
        terminal.show(&Script {
            shell: self.shell.to_string(),
            script,
        })
    }
}

fn script(shell: Shell) -> Result<String> {
    let mut cargo = crate::Cargo::command();
    let plugin = cargo
        .find_subcommand("plugin")
        .cloned()
        .ok_or_else(|| Error::new("there are no commands to complete"))?;
    let called = |name: &'static str| plugin.clone().name(name).bin_name(name);
    Ok(match shell {
        Shell::Bash => {
            let ours = generated(shell, &mut called(IN_BASH), IN_BASH);
            format!("{ours}\n{BASH}")
        }
        // Cargo's own completions call `_cargo-plugin` for `cargo plugin`.
        Shell::Zsh => generated(shell, &mut called(ZSH), ZSH),
        // Fish combines all completions of one command; only the names of these functions must
        // differ from cargo's.
        Shell::Fish => {
            generated(shell, &mut cargo, "cargo").replace("__fish_cargo_", "__fish_cargo_plugin_")
        }
        _ => generated(shell, &mut cargo, "cargo"),
    })
}

fn generated(shell: Shell, command: &mut clap::Command, name: &str) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[derive(Serialize)]
struct Script {
    shell: String,
    script: String,
}

impl Report for Script {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.script.as_bytes())
    }
}
