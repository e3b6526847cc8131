//! The definitions of a document, under `$defs`, and their names.
#![allow(
    clippy::indexing_slicing,
    reason = "the compiler has no `get`, and a panic there is an error like any other"
)]

use super::name;
use super::name::{hash, hash_number};
use super::node::{
    Content, Definition, Direction, Enum, Field, Names, Node, Representation, Variant,
};
use super::sink::Sink;

/// The most types in one document.
const MOST: usize = 2048;

/// The types with a definition in a document, under `$defs`, to which other schemas refer by name.
///
/// A type that is read in another form than it is written has two definitions, if both are needed.
pub struct Definitions {
    entries: [Option<Entry>; MOST],
    len: usize,
    /// The index of a type in `entries` plus 1, by its id; 0 for an empty slot.
    places: [u16; 2 * MOST],
    /// The definitions to write, in order.
    pub(super) forms: [Option<Form>; 2 * MOST],
    pub(super) forms_len: usize,
    /// The number of forms whose references have been followed.
    followed: usize,
}

/// A known type, which may be needed or not.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) definition: &'static Definition,
    /// `true` if it, or anything that it refers to, is read in another form than it is written.
    differs: bool,
    /// The index in `forms` for each direction.
    input: Option<u16>,
    output: Option<u16>,
}

/// A needed type in one direction.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) entry: u16,
    pub(super) direction: Direction,
    /// `true` for the written form of a type that is read in another form.
    is_output: bool,
    /// The number among forms of the same name; 0 for the first.
    number: u64,
    /// The hash of its name.
    text: u64,
}

impl Default for Definitions {
    fn default() -> Self {
        Definitions::new()
    }
}

impl Definitions {
    /// Creates an empty set.
    pub const fn new() -> Self {
        Definitions {
            entries: [None; MOST],
            len: 0,
            places: [0; 2 * MOST],
            forms: [None; 2 * MOST],
            forms_len: 0,
            followed: 0,
        }
    }

    /// Returns whether there are no definitions.
    pub const fn is_empty(&self) -> bool {
        self.forms_len == 0
    }

    /// Adds the definitions that a schema refers to.
    pub const fn collect(&mut self, schema: &'static Node, direction: Direction) {
        let known = self.len;
        self.visit(schema, None);
        self.compare_forms(known);
        self.visit(schema, Some(direction));
        while self.followed < self.forms_len {
            let Some(form) = self.forms[self.followed] else {
                return;
            };
            self.followed += 1;
            let body = self.entry(form.entry).definition.body;
            self.visit(body, Some(form.direction));
        }
    }

    /// Visits a schema; returns whether it has two forms.
    const fn visit(&mut self, schema: &'static Node, direction: Option<Direction>) -> bool {
        let mut visit = Visit {
            definitions: self,
            direction,
            differs: false,
        };
        visit.node(schema, false);
        visit.differs
    }

    /// Writes the name of a type that has been collected.
    pub(super) const fn write_reference(
        &self,
        name: &name::Name,
        direction: Direction,
        sink: &mut Sink<'_>,
    ) {
        if let Ok(place) = self.find(name.id()) {
            let entry = self.entry(self.places[place] - 1);
            if let Some(form) = direction.of(entry.input, entry.output)
                && let Some(form) = self.forms[form as usize]
            {
                return self.write_name(form, sink);
            }
        }
        panic!(
            "a schema refers to an unknown type: `Recursive<T>` may only appear within `T`, and a written schema must have been collected"
        );
    }

    pub(super) const fn write_name(&self, form: Form, sink: &mut Sink<'_>) {
        self.entry(form.entry).definition.name.write(sink);
        if form.is_output {
            sink.raw("Output");
        }
        if form.number > 0 {
            sink.number(form.number);
        }
    }

    pub(super) const fn entry(&self, entry: u16) -> &Entry {
        match &self.entries[entry as usize] {
            Some(entry) => entry,
            None => panic!("entries have no gaps"),
        }
    }

    /// Returns the slot of a type in `places`, or the free slot for it.
    const fn find(&self, id: u64) -> Result<usize, usize> {
        let mut place = (id % (2 * MOST as u64)) as usize;
        loop {
            if self.places[place] == 0 {
                return Err(place);
            }
            if self.entry(self.places[place] - 1).definition.name.id() == id {
                return Ok(place);
            }
            place = (place + 1) % (2 * MOST);
        }
    }

    /// Adds a type, and returns whether it is known to have two forms.
    const fn note(&mut self, definition: &'static Definition) -> bool {
        match self.find(definition.name.id()) {
            Ok(place) => self.entry(self.places[place] - 1).differs,
            Err(place) => {
                assert!(
                    self.len < MOST,
                    "there are too many types for one manifest: the limit is 2048"
                );
                self.entries[self.len] = Some(Entry {
                    definition,
                    differs: false,
                    input: None,
                    output: None,
                });
                self.len += 1;
                self.places[place] = self.len as u16;
                false
            }
        }
    }

    /// Determines which types, from index `known` on and all that they refer to, have two forms.
    const fn compare_forms(&mut self, known: usize) {
        let mut nth = known;
        let mut any = false;
        while nth < self.len {
            any |= self.compare_forms_of(nth);
            nth += 1;
        }
        // A type that refers to one with two forms has two forms, too, and may come before or after
        // it.
        while any {
            any = false;
            let mut nth = self.len;
            while nth > known {
                nth -= 1;
                if !self.entry(nth as u16).differs {
                    any |= self.compare_forms_of(nth);
                }
            }
        }
    }

    /// Returns whether a type turns out to have two forms. Adds the types that it refers to.
    const fn compare_forms_of(&mut self, nth: usize) -> bool {
        let body = self.entry(nth as u16).definition.body;
        let differs = self.visit(body, None);
        if let Some(entry) = &mut self.entries[nth] {
            entry.differs = differs;
        }
        differs
    }

    /// Adds the definition of a type in one direction.
    const fn require(&mut self, definition: &'static Definition, direction: Direction) {
        let Ok(place) = self.find(definition.name.id()) else {
            panic!("types are known before they are needed");
        };
        let nth = self.places[place] - 1;
        let entry = *self.entry(nth);
        let (input, output) = (entry.input, entry.output);
        let (this, other) = direction.of((input, output), (output, input));
        if this.is_some() {
            return;
        }
        let new = Form {
            entry: nth,
            direction,
            is_output: false,
            number: 0,
            text: definition.name.text_hash(name::START),
        };
        let form = self.forms_len as u16;
        let new = match (other, direction) {
            (None, _) => self.unique(new),
            // The plain name belongs to the form that is read.
            (Some(other), Direction::In) => match self.forms[other as usize] {
                Some(output) => {
                    let renamed = self.unique(Form {
                        is_output: true,
                        text: hash(new.text, "Output"),
                        ..output
                    });
                    self.forms[other as usize] = Some(renamed);
                    Form {
                        direction,
                        ..output
                    }
                }
                None => new,
            },
            (Some(_), Direction::Out) => self.unique(Form {
                is_output: true,
                text: hash(new.text, "Output"),
                ..new
            }),
        };
        self.forms[self.forms_len] = Some(new);
        self.forms_len += 1;
        if let Some(entry) = &mut self.entries[nth as usize] {
            if !entry.differs || matches!(direction, Direction::In) {
                entry.input = Some(form);
            }
            if !entry.differs || matches!(direction, Direction::Out) {
                entry.output = Some(form);
            }
        }
    }

    /// Numbers a form, so that its name is unique.
    const fn unique(&self, mut form: Form) -> Form {
        let plain = form.text;
        form.number = 0;
        while self.is_taken(form.text) {
            form.number = if form.number == 0 { 2 } else { form.number + 1 };
            form.text = hash_number(plain, form.number);
        }
        form
    }

    const fn is_taken(&self, text: u64) -> bool {
        let mut nth = 0;
        while nth < self.forms_len {
            if let Some(form) = self.forms[nth]
                && form.text == text
            {
                return true;
            }
            nth += 1;
        }
        false
    }
}

/// A walk through one schema up to the types that it refers to.
struct Visit<'a> {
    definitions: &'a mut Definitions,
    /// The direction of the needed types; `None` only collects information, in both directions.
    direction: Option<Direction>,
    /// `true` if the schema has two forms.
    differs: bool,
}

impl Visit<'_> {
    /// An `inline` schema is written in place, even if it has a definition.
    const fn node(&mut self, node: &'static Node, inline: bool) {
        match node {
            Node::Text(_)
            | Node::Any
            | Node::Never
            | Node::Null
            | Node::Plain { .. }
            | Node::Verbatim
            | Node::Numbers(_)
            | Node::Recursive(_) => {}
            Node::Sequence { items, .. } | Node::Array { items, .. } => self.node(items, false),
            Node::Tuple(fields) => self.fields(fields),
            // The map itself describes its keys.
            Node::Map { values, .. } => self.node(values, false),
            Node::Object(object) => self.fields(object.fields),
            Node::Enum(of) => self.variants(of),
            Node::Nullable(node) | Node::Annotated { node, .. } => self.node(node, inline),
            Node::Directed { input, output } => match self.direction {
                None => {
                    self.differs = true;
                    self.node(input, inline);
                    self.node(output, inline);
                }
                Some(direction) => self.node(direction.of(input, output), inline),
            },
            Node::Definition(link) if inline => {
                // Refuses an infinite type.
                node.resolve(Direction::In);
                self.node(link.get().body, inline);
            }
            Node::Definition(link) => match self.direction {
                None => self.differs |= self.definitions.note(link.get()),
                Some(direction) => self.definitions.require(link.get(), direction),
            },
        }
    }

    const fn fields(&mut self, fields: &'static [Field]) {
        each!(for field in fields {
            if self.sees(&field.names) {
                self.differs |= field.required.0 != field.required.1;
                self.node(field.node, field.flatten);
            }
        });
    }

    const fn variants(&mut self, of: &'static Enum) {
        each!(for variant in of.variants {
            let Variant {
                names,
                content,
                other,
                untagged,
                ..
            } = variant;
            if self.sees(names) {
                self.differs |= *other;
                match content {
                    Content::Unit => {}
                    Content::Newtype(field) => {
                        // The tag is one of its members.
                        let inline = matches!(of.representation, Representation::Internal { .. })
                            && !*untagged;
                        self.differs |= field.required.0 != field.required.1;
                        self.node(field.node, inline);
                    }
                    Content::Tuple(node) | Content::Struct(node, _) => self.node(node, false),
                }
            }
        });
    }

    const fn sees(&mut self, names: &Names) -> bool {
        match self.direction {
            None => {
                self.differs |= names.differ();
                true
            }
            Some(direction) => names.given(direction).is_some(),
        }
    }
}
