//! A plugin in the form that templates read: every text that depends on the plugin is already
//! written in the template's language.

use std::cell::Cell;
use std::collections::BTreeMap;

use minijinja::Value;
use serde::Serialize;

use super::language::{FileNames, Identifiers, Kind, Language, Spelling};
use super::model::{
    Choice, Command, Content, Definition, Field, Form, NamedType, Plugin, Record, Recursion,
    STANDARD, Tagging, Type, Union,
};
use super::names::{Case, Scope, identifier};
use crate::text;

/// The greatest length of a list in a comment.
const MAX_LISTED: usize = 100;

/// The services of `docs/abi.md`, by the word before the first `_` of their functions' names.
const SERVICES: [&str; 9] = [
    "ai", "config", "events", "files", "http", "kv", "log", "random", "time",
];

/// The expressions that mention a type, by name.
type Spelled = BTreeMap<&'static str, String>;

/// The context of a template.
#[derive(Serialize)]
pub struct View {
    /// The version of this tool.
    tool: &'static str,
    id: String,
    name: String,
    version: String,
    class: String,
    /// The documentation of the class.
    about: Vec<String>,
    config: Option<Spelled>,
    /// `true` if the plugin cannot be initialised without a configuration.
    config_required: bool,
    types: Vec<TypeView>,
    commands: Vec<CommandView>,
    omitted: Vec<String>,
    /// The codes of the plugin's own errors.
    errors: Vec<ConstantView>,
    /// The codes of errors of every plugin and of clients, without those above.
    standard_errors: Vec<ConstantView>,
    /// The documentation of the function that passes an event.
    event_doc: Vec<String>,
    hooks: BTreeMap<&'static str, bool>,
    /// The services, with `true` for those that the plugin calls.
    uses: BTreeMap<&'static str, bool>,
    has_imports: bool,
    further: BTreeMap<&'static str, Value>,
}

#[derive(Serialize)]
struct TypeView {
    name: String,
    doc: Vec<String>,
    /// `record`, `choice`, `union` or `alias`.
    kind: &'static str,
    fields: Vec<FieldView>,
    rest: Option<Spelled>,
    /// The type of an alias.
    target: Option<Spelled>,
    /// The values of a choice.
    values: Vec<ConstantView>,
    /// `true` if the values of a choice are integers.
    is_integer: bool,
    /// `external`, `internal`, `adjacent` or `untagged`.
    tagging: &'static str,
    tag: String,
    content: String,
    variants: Vec<VariantView>,
}

#[derive(Serialize)]
struct FieldView {
    name: String,
    /// The name in JSON, as the language's types have it.
    key: String,
    doc: Vec<String>,
    optional: bool,
    nullable: bool,
    spelled: Spelled,
}

#[derive(Serialize)]
struct ConstantView {
    name: String,
    /// The literal.
    value: String,
    doc: Vec<String>,
}

#[derive(Serialize)]
struct VariantView {
    name: String,
    /// An identifier for a type of the variant's own.
    type_name: String,
    /// The first name in JSON, as the language's types have it.
    key: String,
    /// The names in JSON, as string literals; the first is the one to write.
    tags: Vec<String>,
    doc: Vec<String>,
    /// `unit`, `value` or `fields`.
    kind: &'static str,
    value: Option<Spelled>,
    optional: bool,
    fields: Vec<FieldView>,
    rest: Option<Spelled>,
}

#[derive(Serialize)]
struct CommandView {
    name: String,
    /// The export, as a string literal.
    export: String,
    /// The command's name, as a string literal.
    key: String,
    doc: Vec<String>,
    raw: bool,
    in_place: bool,
    arguments: Option<Spelled>,
    /// The fields of the arguments, if they are a record.
    fields: Vec<FieldView>,
    /// The position in `types` of the arguments' record.
    record: Option<usize>,
    /// `true` if the command can be called without arguments.
    arguments_optional: bool,
    result: Option<Spelled>,
}

/// Writes a plugin in a language.
pub fn of<L: Language>(plugin: &Plugin, language: &L) -> (View, FileNames) {
    let writer = Writer::new(plugin, language);
    let view = writer.view();
    let names = FileNames {
        class: writer.class.clone(),
        id: plugin.id.clone(),
        module: identifier(&plugin.id, Case::Snake),
    };
    (view, names)
}

struct Writer<'p, L> {
    plugin: &'p Plugin,
    language: &'p L,
    class: String,
    /// The identifier of each type.
    names: Vec<String>,
    /// The identifiers of the variants of each union, for types of their own.
    variants: Vec<Vec<String>>,
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
    fn new(plugin: &'p Plugin, language: &'p L) -> Self {
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
        Writer {
            plugin,
            language,
            class,
            variants: variants.collect(),
            names,
            recursion: Recursion::of(&plugin.types),
            within: Cell::new(None),
        }
    }

    fn view(&self) -> View {
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
            id: self.line(&plugin.id),
            name: self.line(&plugin.name),
            version: self.line(&plugin.version),
            class: self.class.clone(),
            about: self.plugin_doc(),
            config: plugin.config.as_ref().map(|ty| self.spelled(ty)),
            config_required: plugin
                .config
                .as_ref()
                .is_some_and(|ty| !self.may_be_empty(ty)),
            types,
            commands: commands.collect(),
            omitted: plugin.omitted.iter().map(|name| self.line(name)).collect(),
            errors,
            standard_errors,
            event_doc: self.event_doc(),
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
            doc: self.doc(&ty.description),
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
                view.values = self.choices(choice);
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
                    doc: self.doc(&variant.description),
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
            doc: self.doc(&field.description),
            optional: field.optional,
            nullable: matches!(field.ty, Type::Option(_)),
            spelled: self.spelled(&field.ty),
        };
        record.fields.iter().map(field).collect()
    }

    fn choices(&self, choice: &Choice) -> Vec<ConstantView> {
        let mut scope = scope(&L::IDENTIFIERS, |kinds| kinds.constants);
        let mut constant = |name: &str, value: String, description: &str| ConstantView {
            name: scope.take(name),
            value,
            doc: self.doc(description),
        };
        match choice {
            Choice::Texts(values) => values
                .iter()
                .map(|one| {
                    let literal = self.language.quote(&one.value);
                    constant(&one.value, literal, &one.description)
                })
                .collect(),
            Choice::Integers(values) => values
                .iter()
                .map(|one| {
                    let sign = if one.value < 0 { "minus " } else { "" };
                    let name = format!("{sign}{}", one.value.unsigned_abs());
                    constant(&name, one.value.to_string(), &one.description)
                })
                .collect(),
        }
    }

    fn command(&self, command: &Command, methods: &mut Scope) -> CommandView {
        let export = format!("command_{}", command.name);
        let mut view = CommandView {
            name: methods.take(&command.name),
            export: self.language.quote(&export),
            key: self.language.quote(&command.name),
            doc: self.command_doc(command),
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
        let mut constant = |code: &str, description: &str| ConstantView {
            name: scope.take(code),
            value: self.language.quote(code),
            doc: self.doc(description),
        };
        let own = &self.plugin.errors;
        let others = STANDARD
            .into_iter()
            .filter(|code| !own.iter().any(|known| known.code == *code));
        let own = own
            .iter()
            .map(|error| constant(&error.code, &error.description));
        let own = own.collect();
        (own, others.map(|code| constant(code, "")).collect())
    }

    /// Returns the documentation of the client's class.
    fn plugin_doc(&self) -> Vec<String> {
        let plugin = self.plugin;
        let mut doc = self.doc(&plugin.description);
        let permissions = plugin.permissions.iter();
        let permissions = permissions.map(|one| (&one.name, &one.reason));
        self.append(&mut doc, "It asks for permissions:", permissions);
        let emits = plugin
            .emits
            .iter()
            .map(|one| (&one.topic, &one.description));
        self.append(&mut doc, "It emits events:", emits);
        doc
    }

    fn command_doc(&self, command: &Command) -> Vec<String> {
        let mut doc = self.doc(&command.description);
        let errors = command
            .errors
            .iter()
            .map(|one| (&one.code, &one.description));
        self.append(&mut doc, "Errors:", errors);
        doc
    }

    fn event_doc(&self) -> Vec<String> {
        let mut doc = vec!["Passes an event to the plugin.".to_owned()];
        let handles = self.plugin.handles.iter();
        let handles = handles.map(|one| (&one.topic, &one.description));
        self.append(&mut doc, "It handles these topics:", handles);
        doc
    }

    /// Appends a list of names with their meanings, unless it is empty.
    fn append<'t>(
        &self,
        doc: &mut Vec<String>,
        title: &str,
        items: impl Iterator<Item = (&'t String, &'t String)>,
    ) {
        let before = doc.len();
        doc.extend(items.take(MAX_LISTED).map(|(name, meaning)| {
            let name = self.line(name);
            match self.line(meaning) {
                none if none.is_empty() => format!("- `{name}`"),
                meaning => format!("- `{name}`: {meaning}"),
            }
        }));
        if doc.len() > before {
            let blank = (before > 0).then(String::new);
            let title = blank.into_iter().chain([title.to_owned(), String::new()]);
            doc.splice(before..before, title);
        }
    }

    fn spelled(&self, ty: &Type) -> Spelled {
        self.language.spell(ty, self).into_iter().collect()
    }

    /// Returns the lines of a comment.
    fn doc(&self, description: &str) -> Vec<String> {
        let lines = text::lines(description.trim());
        lines
            .map(|line| self.language.comment(&line))
            .map(trimmed)
            .collect()
    }

    fn line(&self, text: &str) -> String {
        trimmed(self.language.comment(&text::first_line(text)))
    }
}

fn trimmed(line: String) -> String {
    line.trim_end().to_owned()
}

fn scope(identifiers: &Identifiers, kind: fn(&Identifiers) -> Kind) -> Scope {
    let kind = kind(identifiers);
    Scope::new(kind.case, kind.reserved)
}

fn first(names: &[String]) -> &str {
    names.first().map_or("", String::as_str)
}
