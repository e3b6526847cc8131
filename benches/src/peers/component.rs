//! The same jobs as a component: typed values at both ends, by wasmtime's component model.

use anyhow::Result;
use wasmtime::component::{
    Component, ComponentNamedList, ComponentType, InstancePre, Lift, Linker, Lower, TypedFunc,
};
use wasmtime::{Engine, Store};
use wit_component::ComponentEncoder;

#[derive(ComponentType, Lift)]
#[component(record)]
pub struct Greeting {
    pub message: String,
    pub greeted: u64,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub struct Summary {
    pub count: u64,
    pub mean: f64,
    pub min: f64,
    pub max: f64,
}

/// Turns the compiled module of the wit-bindgen guest into a component.
pub fn encode(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)?
        .encode()
}

/// A compiled component.
pub struct Compiled {
    pre: InstancePre<()>,
}

impl Compiled {
    pub fn compile(engine: &Engine, component: &[u8]) -> Result<Self> {
        let component = Component::new(engine, component)?;
        Ok(Compiled {
            pre: Linker::new(engine).instantiate_pre(&component)?,
        })
    }

    /// Returns `function` of a new instance.
    pub fn instance<P, R>(&self, function: &str) -> Result<Instance<P, R>>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let mut store = Store::new(self.pre.engine(), ());
        let instance = self.pre.instantiate(&mut store)?;
        Ok(Instance {
            function: instance.get_typed_func(&mut store, function)?,
            store,
        })
    }
}

/// One function of one instance.
pub struct Instance<P, R> {
    store: Store<()>,
    function: TypedFunc<P, R>,
}

impl<P, R> Instance<P, R>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    pub fn call(&mut self, params: P) -> Result<R> {
        Ok(self.function.call(&mut self.store, params)?)
    }
}
