//! Writes a plugin's types and commands in a language.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::data::{CommandView, ConstantView, FieldView, Spelled, TypeView, VariantView, View};
use super::docs::Docs;
use crate::client::language::{Identifiers, Kind, Language, Spelling};
use crate::client::names::Scope;
use crate::interface::{
    Choice, Command, Content, Definition, Field, Form, NamedType, Plugin, Record, Recursion,
    STANDARD, Tagging, Type, Union,
};

/// The services of `docs/abi.md`: the part of a function's name before the first `_`.
const SERVICES: [&str; 9] = [
    "ai", "config", "events", "files", "http", "kv", "log", "random", "time",
];

/// A plugin that is being written in a language.
pub struct Writer<'p, L> {
    plugin: &'p Plugin,
    language: &'p L,
    pub class: String,
    /// The identifier of each type.
    names: Vec<String>,
    /// The identifiers of the variants of each union, for types of their own.
    variants: Vec<Vec<String>>,
    /// The identifiers of the values of each choice, for constants outside of it.
    values: Vec<Vec<String>>,
    /// The identifiers of the codes of errors, own ones first, for constants outside of their type.
    codes: Vec<String>,
    recursion: Recursion,
    /// The definition that is being written.
    within: Cell<Option<usize>>,
}

impl<L> Spelling for Writer<'_, L> {
    fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("", String::as_str)
    }

    fn is_within_itself(&self, index: usize) -> bool {
        let within = self.within.get();
        within.is_some_and(|outer| self.recursion.is_within(outer, index))
    }

    fn plugin(&self) -> &Plugin {
        self.plugin
    }
}

impl<'p, L: Language> Writer<'p, L> {
    pub fn new(plugin: &'p Plugin, language: &'p L) -> Self {
        let mut scope = scope(&L::IDENTIFIERS, |kinds| kinds.types);
        let class = scope.take(&plugin.id);
        let types = plugin.types.iter();
        let names: Vec<String> = types.map(|ty| scope.take(&ty.name)).collect();
        let variants = plugin.types.iter().zip(&names).map(|(ty, name)| {
            let Definition::Union(union) = &ty.definition else {
                return Vec::new();
            };
            let variants = union.variants.iter();
            let wishes = variants.map(|variant| format!("{name} {}", first(&variant.names)));
            wishes.map(|wish| scope.take(&wish)).collect()
        });
        let variants = variants.collect();
        let values = plugin.types.iter().zip(&names).map(|(ty, name)| {
            let Definition::Choice(choice) = &ty.definition else {
                return Vec::new();
            };
            let wishes = value_names(choice).into_iter();
            let wishes = wishes.map(|value| format!("{name} {value}"));
            wishes.map(|wish| scope.take(&wish)).collect()
        });
        let values = values.collect();
        let codes = plugin.errors.iter().map(|error| error.code.as_str());
        let codes = codes.chain(other_codes(plugin));
        let codes = codes.map(|code| scope.take(&format!("code {code}")));
        Writer {
            plugin,
            language,
            class,
            variants,
            values,
            codes: codes.collect(),
            names,
            recursion: Recursion::of(&plugin.types),
            within: Cell::new(None),
        }
    }

    pub fn view(&self) -> View {
        let plugin = self.plugin;
        let types = plugin.types.iter().enumerate();
        let types = types
            .map(|(index, ty)| self.named_type(index, ty))
            .collect();
        let mut methods = scope(&L::IDENTIFIERS, |kinds| kinds.methods);
        let commands = plugin.commands.iter();
        let commands = commands.map(|command| self.command(command, &mut methods));
        let (errors, standard_errors) = self.errors();
        let hooks = &plugin.hooks;
        View {
            tool: env!("CARGO_PKG_VERSION"),
            id: self.docs().line(&plugin.id),
            name: self.docs().line(&plugin.name),
            version: self.docs().line(&plugin.version),
            class: self.class.clone(),
            about: self.docs().plugin(plugin),
            config: plugin.config.as_ref().map(|ty| self.spelled(ty)),
            config_required: plugin
                .config
                .as_ref()
                .is_some_and(|ty| !self.may_be_empty(ty)),
            types,
            commands: commands.collect(),
            omitted: plugin
                .omitted
                .iter()
                .map(|name| self.docs().line(name))
                .collect(),
            errors,
            standard_errors,
            event_doc: self.docs().event(plugin),
            hooks: BTreeMap::from([
                ("start", hooks.start),
                ("stop", hooks.stop),
                ("event", hooks.event),
                ("state", hooks.state),
            ]),
            uses: SERVICES
                .map(|name| (name, plugin.services.contains(name)))
                .into(),
            has_imports: !plugin.imports.is_empty(),
            further: self.language.further(plugin, self).into_iter().collect(),
        }
    }

    fn named_type(&self, index: usize, ty: &NamedType) -> TypeView {
        self.within.set(Some(index));
        let mut view = TypeView {
            name: self.name(index).to_owned(),
            doc: self.docs().lines(&ty.description),
            kind: "alias",
            fields: Vec::new(),
            rest: None,
            target: None,
            values: Vec::new(),
            is_integer: false,
            tagging: "",
            tag: String::new(),
            content: String::new(),
            variants: Vec::new(),
        };
        match &ty.definition {
            Definition::Alias(ty) => view.target = Some(self.spelled(ty)),
            Definition::Record(record) => {
                view.kind = "record";
                view.fields = self.fields(record);
                view.rest = record.rest.as_ref().map(|ty| self.spelled(ty));
            }
            Definition::Choice(choice) => {
                view.kind = "choice";
                view.is_integer = matches!(choice, Choice::Integers(_));
                view.values = self.choices(choice, index);
            }
            Definition::Union(union) => {
                view.kind = "union";
                self.tagging(&union.tagging, &mut view);
                view.variants = self.union(union, index);
            }
        }
        self.within.set(None);
        view
    }

    fn tagging(&self, tagging: &Tagging, view: &mut TypeView) {
        let (word, tag, content) = match tagging {
            Tagging::External => ("external", None, None),
            Tagging::Internal { tag } => ("internal", Some(tag), None),
            Tagging::Adjacent { tag, content } => ("adjacent", Some(tag), Some(content)),
            Tagging::Untagged => ("untagged", None, None),
        };
        let literal = |name: Option<&String>| name.map(|name| self.language.key(name));
        view.tagging = word;
        view.tag = literal(tag).unwrap_or_default();
        view.content = literal(content).unwrap_or_default();
    }

    fn union(&self, union: &Union, index: usize) -> Vec<VariantView> {
        let mut scope = scope(&L::IDENTIFIERS, |kinds| kinds.variants);
        let type_names = self.variants.get(index).into_iter().flatten();
        let variants = union.variants.iter().zip(type_names);
        variants
            .map(|(variant, type_name)| {
                let tags = variant.names.iter().map(|name| self.language.quote(name));
                let key = self.language.key(first(&variant.names));
                let mut view = VariantView {
                    name: scope.take(first(&variant.names)),
                    type_name: type_name.clone(),
                    key,
                    tags: tags.collect(),
                    doc: self.docs().lines(&variant.description),
                    kind: "unit",
                    value: None,
                    optional: false,
                    fields: Vec::new(),
                    rest: None,
                };
                match &variant.content {
                    Content::Unit => {}
                    Content::Value { ty, optional } => {
                        view.kind = "value";
                        view.value = Some(self.spelled(ty));
                        view.optional = *optional;
                    }
                    Content::Fields(record) => {
                        view.kind = "fields";
                        view.fields = self.fields(record);
                        view.rest = record.rest.as_ref().map(|ty| self.spelled(ty));
                    }
                }
                view
            })
            .collect()
    }

    fn fields(&self, record: &Record) -> Vec<FieldView> {
        let mut scope = scope(&L::IDENTIFIERS, |kinds| kinds.fields);
        let field = |field: &Field| FieldView {
            name: scope.take(&field.name),
            key: self.language.key(&field.name),
            doc: self.docs().lines(&field.description),
            optional: field.optional,
            nullable: matches!(field.ty, Type::Option(_)),
            spelled: self.spelled(&field.ty),
        };
        record.fields.iter().map(field).collect()
    }

    fn choices(&self, choice: &Choice, index: usize) -> Vec<ConstantView> {
        let mut scope = scope(&L::IDENTIFIERS, |kinds| kinds.constants);
        let names = value_names(choice);
        let full_names = self.values.get(index).into_iter().flatten().cloned();
        let mut names = names.into_iter().zip(full_names);
        let mut constant = |value: String, description: &str| {
            // One for each value.
            let (name, full_name) = names.next().unwrap_or_default();
            ConstantView {
                name: scope.take(&name),
                full_name,
                value,
                doc: self.docs().lines(description),
            }
        };
        match choice {
            Choice::Texts(values) => {
                let values = values.iter();
                values
                    .map(|one| constant(self.language.quote(&one.value), &one.description))
                    .collect()
            }
            Choice::Integers(values) => {
                let values = values.iter();
                values
                    .map(|one| constant(one.value.to_string(), &one.description))
                    .collect()
            }
        }
    }

    fn command(&self, command: &Command, methods: &mut Scope) -> CommandView {
        let export = format!("command_{}", command.name);
        let mut view = CommandView {
            name: methods.take(&command.name),
            export: self.language.quote(&export),
            key: self.language.quote(&command.name),
            doc: self.docs().command(command),
            raw: false,
            in_place: false,
            arguments: None,
            fields: Vec::new(),
            record: None,
            arguments_optional: false,
            result: None,
        };
        match &command.form {
            Form::Typed { arguments, result } => {
                view.arguments = arguments.as_ref().map(|ty| self.spelled(ty));
                view.arguments_optional =
                    arguments.as_ref().is_some_and(|ty| self.may_be_empty(ty));
                if let Some((index, record)) = arguments.as_ref().and_then(|ty| self.record(ty)) {
                    view.record = Some(index);
                    view.fields = self.fields(record);
                }
                view.result = (*result != Type::Null).then(|| self.spelled(result));
            }
            Form::Raw {
                input,
                output,
                in_place,
            } => {
                let element = |element| self.language.element(element).into_iter().collect();
                view.raw = true;
                view.in_place = *in_place;
                view.arguments = input.map(element);
                view.result = output.map(element);
            }
        }
        view
    }

    /// Returns the record that a type is, with its position.
    fn record(&self, ty: &Type) -> Option<(usize, &Record)> {
        let Type::Named(index) = ty else {
            return None;
        };
        match &self.plugin.types.get(*index)?.definition {
            Definition::Record(record) => Some((*index, record)),
            _ => None,
        }
    }

    /// Returns whether `{}` is a value of the type.
    fn may_be_empty(&self, ty: &Type) -> bool {
        match self.record(ty) {
            Some((_, record)) => record.may_be_empty(),
            None => matches!(ty, Type::Json | Type::Map(_) | Type::Option(_)),
        }
    }

    /// Returns the codes of the plugin's own errors, and those of other errors.
    fn errors(&self) -> (Vec<ConstantView>, Vec<ConstantView>) {
        let mut scope = scope(&L::IDENTIFIERS, |kinds| kinds.constants);
        let mut full_names = self.codes.iter().cloned();
        let mut constant = |code: &str, description: &str| ConstantView {
            name: scope.take(code),
            full_name: full_names.next().unwrap_or_default(),
            value: self.language.quote(code),
            doc: self.docs().lines(description),
        };
        let own = self.plugin.errors.iter();
        let own = own.map(|error| constant(&error.code, &error.description));
        let own = own.collect();
        let others = other_codes(self.plugin);
        (own, others.map(|code| constant(code, "")).collect())
    }

    fn docs(&self) -> Docs<'p, L> {
        Docs(self.language)
    }

    fn spelled(&self, ty: &Type) -> Spelled {
        self.language.spell(ty, self).into_iter().collect()
    }
}

fn scope(identifiers: &Identifiers, kind: fn(&Identifiers) -> Kind) -> Scope {
    let kind = kind(identifiers);
    Scope::new(kind.case, kind.reserved)
}

/// Returns the codes of errors that are not the plugin's own.
fn other_codes(plugin: &Plugin) -> impl Iterator<Item = &str> {
    let is_own = |code: &str| plugin.errors.iter().any(|own| own.code == code);
    STANDARD.into_iter().filter(move |code| !is_own(code))
}

/// Returns the words that name the values of a choice.
fn value_names(choice: &Choice) -> Vec<String> {
    match choice {
        Choice::Texts(values) => values.iter().map(|one| one.value.clone()).collect(),
        Choice::Integers(values) => values
            .iter()
            .map(|one| {
                let sign = if one.value < 0 { "minus " } else { "" };
                format!("{sign}{}", one.value.unsigned_abs())
            })
            .collect(),
    }
}

fn first(names: &[String]) -> &str {
    names.first().map_or("", String::as_str)
}
