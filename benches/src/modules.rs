//! The guests as modules, with every job in them.

use anyhow::Result;

use crate::guests::{self, Jobs, Profile};
use crate::peers::component;

pub struct Modules {
    pub raw: Vec<u8>,
    pub ours: Vec<u8>,
    pub ours_snapshot: Vec<u8>,
    pub raw_calling: Vec<u8>,
    pub ours_calling: Vec<u8>,
    pub codecs: Vec<u8>,
    pub component: Vec<u8>,
    pub extism: Vec<u8>,
}

impl Modules {
    pub fn build() -> Result<Self> {
        let fast = |package| guests::build(package, Jobs::Every, Profile::Fast);
        Ok(Modules {
            raw: fast("guest-raw")?,
            ours: fast("guest-ours")?,
            ours_snapshot: guests::snapshot("ours", Profile::Fast)?,
            raw_calling: fast("guest-raw-calling")?,
            ours_calling: fast("guest-ours-calling")?,
            codecs: fast("codecs")?,
            component: component::encode(&fast("guest-component")?)?,
            extism: fast("guest-extism")?,
        })
    }
}
