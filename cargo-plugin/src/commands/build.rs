//! `cargo plugin build`

use crate::error::Result;
use crate::project::{Features, Project, RELEASE, Selection};
use crate::terminal::{Terminal, Verdict};

/// Builds the plugin and the files that go with it
#[derive(clap::Args)]
pub struct Build {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    features: Features,
}

impl Build {
    pub fn run(self, terminal: &mut Terminal) -> Result<Verdict> {
        let project = Project::find(&self.selection)?;
        terminal.status("Building", &project.title());
        let built = project.build(RELEASE, &self.features, terminal)?;
        terminal.status("Built", &built.path.display().to_string());
        Ok(Verdict::Yes)
    }
}
