//! The text of a world in WIT.

use super::super::wit::{documentation, line, package};
use super::declaration::{Case, Declaration, Declared, Ty};
use super::world::{Function, Outcome, Parameters, World};
use crate::interface::Element;

/// The interface with a plugin's functions.
pub const INTERFACE: &str = "commands";

/// Writes a world as a package. Every name is marked as such, because it may be a keyword.
pub fn text(world: &World) -> String {
    let mut out = String::new();
    package(&world.id, &world.version, &world.description, &mut out);
    line(&mut out, format_args!("interface {INTERFACE} {{"));
    documentation("A value of any type, as JSON.", "  ", &mut out);
    line(&mut out, format_args!("  type json = string;"));
    for declared in &world.types {
        declaration(declared, world, &mut out);
    }
    for function in &world.functions {
        signature(function, world, &mut out);
    }
    line(&mut out, format_args!("}}"));
    let (services, version) = package_of_services();
    let imports = world.services.iter();
    let imports = imports.map(|service| format!("{services}/{service}@{version}"));
    super::super::wit::world(imports, INTERFACE, &mut out);
    out
}

/// Returns the name and the version of the services' package.
pub fn package_of_services() -> (&'static str, &'static str) {
    let package = plugin_sdk::hosts::component::PACKAGE;
    package.split_once('@').unwrap_or((package, ""))
}

fn declaration(declared: &Declared, world: &World, out: &mut String) {
    let Declared {
        name,
        description,
        definition,
    } = declared;
    documentation(description, "  ", out);
    match definition {
        Declaration::Record(fields) => {
            line(out, format_args!("  record %{name} {{"));
            for field in fields {
                documentation(&field.description, "    ", out);
                let ty = ty(&field.ty, world);
                line(out, format_args!("    %{}: {ty},", field.name));
            }
        }
        Declaration::Enum(cases) => {
            line(out, format_args!("  enum %{name} {{"));
            all(cases, world, out);
        }
        Declaration::Variant { cases, .. } => {
            line(out, format_args!("  variant %{name} {{"));
            all(cases, world, out);
        }
    }
    line(out, format_args!("  }}"));
}

fn all(cases: &[Case], world: &World, out: &mut String) {
    for case in cases {
        documentation(&case.description, "    ", out);
        let payload = match &case.ty {
            Some(payload) => format!("({})", ty(payload, world)),
            None => String::new(),
        };
        line(out, format_args!("    %{}{payload},", case.name));
    }
}

fn signature(function: &Function, world: &World, out: &mut String) {
    documentation(&function.description, "  ", out);
    let parameters = match &function.parameters {
        Parameters::Members(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|field| format!("%{}: {}", field.name, ty(&field.ty, world)));
            fields.collect::<Vec<_>>().join(", ")
        }
        Parameters::Whole { name, ty: whole } => format!("{name}: {}", ty(whole, world)),
        Parameters::Raw(None) => String::new(),
        Parameters::Raw(Some(element)) => format!("input: {}", raw(*element)),
    };
    let result = match &function.result {
        Outcome::Typed(Some(result)) => ty(result, world),
        Outcome::Raw(Some(element)) => raw(*element).to_owned(),
        Outcome::Typed(None) | Outcome::Raw(None) => "_".to_owned(),
    };
    let name = &function.name;
    line(
        out,
        format_args!("  %{name}: func({parameters}) -> result<{result}, error>;"),
    );
}

fn ty(of: &Ty, world: &World) -> String {
    match of {
        Ty::Boolean => "bool".to_owned(),
        Ty::Integer { size, signed } => {
            format!("{}{}", if *signed { 's' } else { 'u' }, 8 * size)
        }
        Ty::Float => "f64".to_owned(),
        Ty::Text => "string".to_owned(),
        Ty::Json => "json".to_owned(),
        Ty::List(inner) => format!("list<{}>", ty(inner, world)),
        Ty::Option(inner) => format!("option<{}>", ty(inner, world)),
        Ty::Map(inner) => format!("list<tuple<string, {}>>", ty(inner, world)),
        Ty::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| ty(item, world)).collect();
            format!("tuple<{}>", items.join(", "))
        }
        Ty::Named(index) => match world.declared(*index) {
            Some(declared) => format!("%{}", declared.name),
            None => "json".to_owned(),
        },
    }
}

fn raw(element: Element) -> &'static str {
    match element {
        Element::Text => "string",
        Element::U8 => "list<u8>",
        Element::I8 => "list<s8>",
        Element::U16 => "list<u16>",
        Element::I16 => "list<s16>",
        Element::U32 => "list<u32>",
        Element::I32 => "list<s32>",
        Element::U64 => "list<u64>",
        Element::I64 => "list<s64>",
        Element::F32 => "list<f32>",
        Element::F64 => "list<f64>",
    }
}
