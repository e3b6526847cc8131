//! The exports that an emulated host has called. Each is looked up, and its type checked, once.

use std::any::Any;

use crate::engine::{Func, Params, Results};
use crate::failure::Failure;
use crate::run::Sandbox;

/// The exports of one instance, in the order of their names; see the [module](self).
#[derive(Default)]
pub(super) struct Exports(Vec<Export>);

struct Export {
    name: Box<str>,
    parameters: usize,
    /// The function with its static type, once it was called.
    func: Option<Box<dyn Any + Send>>,
}

impl Exports {
    /// Returns the number of parameters of a function, if there is one of this name.
    pub(super) fn parameters(&mut self, sandbox: &mut Sandbox, name: &str) -> Option<usize> {
        self.export(sandbox, name).map(|export| export.parameters)
    }

    /// Returns a function, if it has this type.
    pub(super) fn func<P: Params, R: Results>(
        &mut self,
        sandbox: &mut Sandbox,
        name: &str,
    ) -> Result<&Func<P, R>, Failure> {
        let absent = || Failure::engine(format!("the module has no function `{name}`"));
        let export = self.export(sandbox, name).ok_or_else(absent)?;
        let known = export.func.as_ref();
        if !known.is_some_and(|func| func.is::<Func<P, R>>()) {
            export.func = Some(Box::new(sandbox.export::<P, R>(name)?));
        }
        let func = export.func.as_ref().and_then(|func| func.downcast_ref());
        func.ok_or_else(absent)
    }

    fn export(&mut self, sandbox: &mut Sandbox, name: &str) -> Option<&mut Export> {
        let known = self.0.binary_search_by(|export| (*export.name).cmp(name));
        let at = match known {
            Ok(at) => at,
            Err(at) => {
                let export = Export {
                    name: name.into(),
                    parameters: sandbox.parameters(name)?,
                    func: None,
                };
                self.0.insert(at, export);
                at
            }
        };
        self.0.get_mut(at)
    }
}
