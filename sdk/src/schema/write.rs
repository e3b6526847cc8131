//! Writes schemas as JSON.

use super::definitions::Definitions;
use super::name::Name;
use super::node::{
    Annotations, Content, Description, Direction, Enum, Field, Keyword, Kind, Member, Node, Object,
    Representation, Resolved, Variant, are_intricate,
};
use super::sink::Sink;

/// A writer of schemas in one direction. It refers to types with a definition.
pub struct Writer<'a, 'b> {
    definitions: &'a Definitions,
    direction: Direction,
    sink: &'a mut Sink<'b>,
    /// `true` if the innermost object or array is still empty.
    fresh: bool,
}

/// The annotations of a schema by everything around it; the outermost takes precedence.
#[derive(Clone, Copy)]
struct Layers<'a> {
    annotations: &'a Annotations,
    outer: Option<&'a Layers<'a>>,
}

impl<'a> Layers<'a> {
    const fn of(annotations: &'a Annotations) -> Self {
        Layers {
            annotations,
            outer: None,
        }
    }

    const fn have(layers: Option<&Layers<'_>>, keyword: Keyword) -> bool {
        match layers {
            None => false,
            Some(layers) => layers.annotations.has(keyword) || Layers::have(layers.outer, keyword),
        }
    }

    /// Returns whether there are more than descriptions and defaults.
    const fn constrain(layers: Option<&Layers<'_>>) -> bool {
        match layers {
            None => false,
            Some(layers) => {
                !layers.annotations.members.is_empty() || Layers::constrain(layers.outer)
            }
        }
    }

    const fn are_empty(layers: Option<&Layers<'_>>) -> bool {
        match layers {
            None => true,
            Some(layers) => layers.annotations.is_empty && Layers::are_empty(layers.outer),
        }
    }
}

/// The tag of a variant among the members of its content.
#[derive(Clone, Copy)]
struct Tag<'a> {
    /// A JSON string.
    key: &'static str,
    variant: &'a Variant,
    siblings: &'static [Variant],
}

impl<'a> Tag<'a> {
    const fn of(key: &'static str, variant: &'a Variant, of: &'static Enum) -> Self {
        Tag {
            key,
            variant,
            siblings: of.variants,
        }
    }
}

impl<'a, 'b> Writer<'a, 'b> {
    pub const fn new(
        definitions: &'a Definitions,
        direction: Direction,
        sink: &'a mut Sink<'b>,
    ) -> Self {
        Writer {
            definitions,
            direction,
            sink,
            fresh: true,
        }
    }

    pub const fn schema(&mut self, node: &'static Node) {
        self.layered(node, None, false);
    }

    /// Begins an element or a member.
    const fn next(&mut self) {
        if !self.fresh {
            self.sink.raw(",");
        }
        self.fresh = false;
    }

    const fn open(&mut self, bracket: &'static str) {
        self.sink.raw(bracket);
        self.fresh = true;
    }

    const fn close(&mut self, bracket: &'static str) {
        self.sink.raw(bracket);
        self.fresh = false;
    }

    /// Writes an element, a member, or a key with its colon, whose value follows.
    const fn item(&mut self, json: &'static str) {
        self.next();
        self.sink.raw(json);
    }

    /// Writes an item up to an opening bracket, after which elements or members follow.
    const fn open_item(&mut self, json: &'static str) {
        self.item(json);
        self.fresh = true;
    }

    /// Writes a name, which is a JSON string; the value follows.
    const fn named(&mut self, name: &'static str) {
        self.item(name);
        self.sink.raw(":");
    }

    const fn kind(&mut self, kind: &'static str, nullable: bool) {
        self.item("\"type\":");
        if nullable {
            self.sink.raw("[");
            self.sink.raw(kind);
            self.sink.raw(",\"null\"]");
        } else {
            self.sink.raw(kind);
        }
    }

    const fn layered(&mut self, node: &'static Node, layers: Option<&Layers<'_>>, nullable: bool) {
        match node {
            Node::Annotated { annotations, node } => {
                let layers = Layers {
                    annotations,
                    outer: layers,
                };
                return self.layered(node, Some(&layers), nullable);
            }
            Node::Nullable(node) => return self.layered(node, layers, true),
            Node::Directed { input, output } => {
                return self.layered(self.direction.of(input, output), layers, nullable);
            }
            _ => {}
        }
        if Layers::are_empty(layers) {
            match node {
                Node::Any | Node::Verbatim => return self.value("true"),
                Node::Never if !nullable => return self.value("false"),
                Node::Text(text) | Node::Plain { whole: text, .. } if !nullable => {
                    return self.value(text);
                }
                _ => {}
            }
        }
        self.begin(layers);
        self.members(node, layers, nullable);
        self.end(layers);
    }

    /// Begins a schema that is an object, with its title and description.
    const fn begin(&mut self, layers: Option<&Layers<'_>>) {
        self.open("{");
        self.head(layers);
    }

    /// Ends a schema with the other annotations.
    const fn end(&mut self, layers: Option<&Layers<'_>>) {
        self.tail(layers);
        self.close("}");
    }

    const fn value(&mut self, json: &'static str) {
        self.sink.raw(json);
        self.fresh = false;
    }

    /// Writes title and description, which readers look for first.
    const fn head(&mut self, layers: Option<&Layers<'_>>) {
        let Some(Layers { annotations, outer }) = layers else {
            return;
        };
        let outer = *outer;
        self.annotated(annotations.members, outer, true);
        if !Layers::have(outer, Keyword::Description) {
            match annotations.description {
                Description::None => {}
                Description::Json(json) => {
                    self.item("\"description\":");
                    self.sink.raw(json);
                }
                Description::Raw(text) => {
                    self.item("\"description\":");
                    self.sink.string(trim(text));
                }
            }
        }
        self.head(outer);
    }

    const fn tail(&mut self, layers: Option<&Layers<'_>>) {
        let Some(Layers { annotations, outer }) = layers else {
            return;
        };
        let outer = *outer;
        self.annotated(annotations.members, outer, false);
        if let Some(default) = annotations.default
            && !Layers::have(outer, Keyword::Default)
        {
            self.item("\"default\":");
            self.sink.raw(default);
        }
        self.tail(outer);
    }

    /// Writes keywords, unless an outer annotation overrides them.
    const fn annotated(
        &mut self,
        members: &'static [Member],
        outer: Option<&Layers<'_>>,
        head: bool,
    ) {
        each!(for Member(key, json) in members {
            let is_head = key.is(Keyword::Title) || key.is(Keyword::Description);
            // A field without a name in this direction does not exist here.
            if is_head == head && !Layers::have(outer, *key) {
                self.item(key.text());
                self.sink.raw(json);
            }
        });
    }

    /// Writes the members of a schema that is an object.
    const fn members(&mut self, node: &'static Node, layers: Option<&Layers<'_>>, nullable: bool) {
        match node {
            Node::Any | Node::Verbatim => {}
            Node::Numbers(numbers) if !nullable => self.numbers(numbers),
            Node::Null => self.kind("\"null\"", false),
            Node::Never if nullable => self.kind("\"null\"", false),
            Node::Never => self.item("\"not\":{}"),
            Node::Plain { members, .. } if !nullable && !Layers::constrain(layers) => {
                self.item(members);
            }
            Node::Plain { kind, keywords, .. } => {
                self.kind(kind.text(), nullable);
                self.annotated(keywords, layers, false);
            }
            Node::Sequence { items, keywords } => {
                self.kind("\"array\"", nullable);
                self.item("\"items\":");
                self.schema(items);
                self.annotated(keywords, layers, false);
            }
            Node::Array { items, length } => {
                self.kind("\"array\"", nullable);
                if *length > 0 {
                    self.item("\"items\":");
                    self.schema(items);
                }
                self.length(*length, *length);
            }
            Node::Tuple(fields) => self.tuple(fields, nullable),
            Node::Map { keys, values } => {
                self.kind("\"object\"", nullable);
                self.map(keys, values);
            }
            Node::Object(Object { fields, closed }) => {
                self.object(fields, *closed, None, nullable);
            }
            Node::Enum(of) if !nullable => self.variants(of, false),
            Node::Definition(link) if !nullable => self.reference(&link.get().name),
            Node::Recursive(name) if !nullable => self.reference(name),
            Node::Text(text) if !nullable => self.all_of(text),
            _ => {
                self.item("\"anyOf\":[");
                self.layered(node, None, false);
                self.sink.raw(",{\"type\":\"null\"}]");
            }
        }
    }

    const fn reference(&mut self, name: &Name) {
        self.item("\"$ref\":\"#/$defs/");
        self.definitions
            .write_reference(name, self.direction, self.sink);
        self.sink.raw("\"");
    }

    const fn length(&mut self, least: usize, most: usize) {
        if least > 0 {
            self.item("\"minItems\":");
            self.sink.number(least as u64);
        }
        self.item("\"maxItems\":");
        self.sink.number(most as u64);
    }

    const fn tuple(&mut self, fields: &'static [Field], nullable: bool) {
        self.kind("\"array\"", nullable);
        let mut most = 0;
        let mut least = 0;
        let mut fixed = true;
        each!(for field in fields {
            if field.names.given(self.direction).is_some() {
                most += 1;
                if field.is_required(self.direction) {
                    least = most;
                } else if matches!(self.direction, Direction::Out) {
                    // Later elements move up.
                    fixed = false;
                }
            }
        });
        if fixed && most > 0 {
            self.open_item("\"prefixItems\":[");
            each!(for field in fields {
                if field.names.given(self.direction).is_some() {
                    self.next();
                    self.field(field);
                }
            });
            self.close("]");
        }
        self.length(if fixed { least } else { 0 }, most);
    }

    /// Writes the schema of a field.
    const fn field(&mut self, field: &'static Field) {
        let layers = Layers::of(&field.annotations);
        self.layered(field.node, Some(&layers), false);
    }

    /// Writes the members that describe a map.
    const fn map(&mut self, keys: &'static Node, values: &'static Node) {
        let keys = keys.resolve(self.direction);
        let pattern = match keys.annotations {
            Some(annotations) => find(annotations.members, Keyword::Pattern),
            None => None,
        };
        let known = match keys.node {
            Node::Plain { kind, keywords, .. } => match (kind, pattern) {
                (Kind::Natural | Kind::Integer, _) => {
                    self.item("\"patternProperties\":{\"^(");
                    self.integers(keywords);
                    self.sink.raw(")$\":");
                    self.schema(values);
                    true
                }
                (Kind::Number, _) => {
                    self.item("\"patternProperties\":{");
                    self.sink
                        .raw("\"^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$\":");
                    self.schema(values);
                    true
                }
                (Kind::Boolean, _) => {
                    self.item("\"properties\":{\"false\":");
                    self.schema(values);
                    self.sink.raw(",\"true\":");
                    self.schema(values);
                    true
                }
                (Kind::String, Some(pattern)) => {
                    self.item("\"patternProperties\":{");
                    self.sink.raw(pattern);
                    self.sink.raw(":");
                    self.schema(values);
                    true
                }
                (Kind::String, None) => {
                    // A key that is a character.
                    if find(keywords, Keyword::MaxLength).is_some() {
                        self.open_item("\"propertyNames\":{");
                        self.annotated(keywords, None, false);
                        self.close("}");
                    }
                    false
                }
            },
            Node::Numbers(numbers) => {
                self.open_item("\"properties\":{");
                each!(for (number, _) in *numbers {
                    self.item("\"");
                    self.integer(*number);
                    self.sink.raw("\":");
                    self.schema(values);
                });
                true
            }
            Node::Enum(of)
                if matches!(of.representation, Representation::External)
                    && of.is_names_only(self.direction) =>
            {
                self.open_item("\"properties\":{");
                each!(for variant in of.variants {
                    let mut nth = 0;
                    while let Some(name) = variant.names.nth(self.direction, nth) {
                        self.named(name);
                        self.schema(values);
                        nth += 1;
                    }
                });
                true
            }
            _ => false,
        };
        if known {
            self.close("}");
            self.item("\"additionalProperties\":false");
        } else {
            self.item("\"additionalProperties\":");
            self.schema(values);
        }
    }

    /// Writes the members of a schema for one of several integers.
    const fn numbers(&mut self, numbers: &'static [(i128, Annotations)]) {
        self.kind("\"integer\"", false);
        let mut described = false;
        each!(for (_, annotations) in numbers {
            described |= !annotations.is_empty;
        });
        self.open_item(if described {
            "\"oneOf\":["
        } else {
            "\"enum\":["
        });
        each!(for (number, annotations) in numbers {
            self.next();
            if !described {
                self.integer(*number);
                continue;
            }
            let layers = Layers::of(annotations);
            self.begin(Some(&layers));
            self.item("\"const\":");
            self.integer(*number);
            self.end(Some(&layers));
        });
        self.close("]");
    }

    const fn integer(&mut self, number: i128) {
        if number < 0 {
            self.sink.raw("-");
        }
        let magnitude = number.unsigned_abs();
        assert!(
            magnitude <= u64::MAX as u128,
            "a variant's number must fit 64 bits"
        );
        self.sink.number(magnitude as u64);
    }

    /// Writes a pattern for the integers within the limits of a type.
    const fn integers(&mut self, limits: &'static [Member]) {
        let least = match find(limits, Keyword::Minimum) {
            Some(least) => least,
            None => "0",
        };
        let negative = matches!(least.as_bytes(), [b'-', ..]);
        if matches!(least.as_bytes(), [b'0']) || negative && find(limits, Keyword::Not).is_none() {
            self.sink.raw("0|");
        }
        if let Some(most) = find(limits, Keyword::Maximum) {
            self.positive_integers(most);
        }
        if negative {
            let (_, magnitude) = least.split_at(1);
            self.sink.raw("|-(");
            self.positive_integers(magnitude);
            self.sink.raw(")");
        }
    }

    /// Writes a pattern for the integers from 1 to `most`: those with fewer digits, those with a
    /// smaller digit at some place, and `most` itself.
    const fn positive_integers(&mut self, most: &'static str) {
        let count = most.len();
        if count > 1 {
            self.sink.raw("[1-9]");
            if count > 2 {
                self.sink.raw("[0-9]{0,");
                self.sink.number(count as u64 - 2);
                self.sink.raw("}");
            }
            self.sink.raw("|");
        }
        let mut place = 0;
        each!(for digit in most.as_bytes() {
            let least = if place == 0 { b'1' } else { b'0' };
            if *digit > least {
                let (before, _) = most.split_at(place);
                self.sink.raw(before);
                self.digits(least, *digit - 1, 1);
                self.digits(b'0', b'9', count - place - 1);
                self.sink.raw("|");
            }
            place += 1;
        });
        self.sink.raw(most);
    }

    /// Writes a pattern for `count` digits in a range.
    const fn digits(&mut self, least: u8, most: u8, count: usize) {
        if count == 0 {
            return;
        }
        if least == most {
            self.sink.number((least - b'0') as u64);
        } else {
            self.sink.raw("[");
            self.sink.number((least - b'0') as u64);
            self.sink.raw("-");
            self.sink.number((most - b'0') as u64);
            self.sink.raw("]");
        }
        if count > 1 {
            self.sink.raw("{");
            self.sink.number(count as u64);
            self.sink.raw("}");
        }
    }

    const fn object(
        &mut self,
        fields: &'static [Field],
        closed: bool,
        tag: Option<&Tag<'_>>,
        nullable: bool,
    ) {
        self.kind("\"object\"", nullable);

        let mut begun = false;
        if let Some(tag) = tag {
            self.first("\"properties\":{", &mut begun);
            self.tag(tag);
        }
        self.properties(fields, &mut begun);
        if begun {
            self.close("}");
        }

        let mut begun = false;
        if let Some(tag) = tag {
            self.first("\"required\":[", &mut begun);
            self.item(tag.key);
        }
        self.required(fields, &mut begun);
        if begun {
            self.close("]");
        }

        if are_intricate(fields) {
            self.intricacies(fields, closed);
        } else if closed {
            self.item("\"additionalProperties\":false");
        }
    }

    /// Writes the part of an object's schema for flattened fields and for fields with several
    /// names.
    const fn intricacies(&mut self, fields: &'static [Field], closed: bool) {
        let alternatives = self.alternatives(fields, None);
        if alternatives == 1 {
            self.alternatives(fields, Some(false));
        } else if alternatives > 1 {
            self.open_item("\"allOf\":[");
            self.alternatives(fields, Some(true));
            self.close("]");
        }

        let additional = if alternatives > 0 {
            "\"unevaluatedProperties\":"
        } else {
            "\"additionalProperties\":"
        };
        if closed {
            self.item(additional);
            self.value("false");
        } else {
            self.flattened_map(fields, additional);
        }
    }

    /// Writes what precedes the first of some members.
    const fn first(&mut self, opening: &'static str, begun: &mut bool) {
        if !*begun {
            self.open_item(opening);
            *begun = true;
        }
    }

    /// Writes the member that distinguishes variants.
    const fn tag(&mut self, tag: &Tag<'_>) {
        self.named(tag.key);
        self.open("{");
        self.variant_name(tag.variant, tag.siblings);
        self.close("}");
    }

    const fn properties(&mut self, fields: &'static [Field], begun: &mut bool) {
        each!(for field in fields {
            if field.flatten && field.names.given(self.direction).is_some() {
                if let Node::Object(object) = field.node.resolve(self.direction).node {
                    self.properties(object.fields, begun);
                }
                continue;
            }
            let mut nth = 0;
            while let Some(name) = field.names.nth(self.direction, nth) {
                self.first("\"properties\":{", begun);
                self.named(name);
                self.field(field);
                nth += 1;
            }
        });
    }

    const fn required(&mut self, fields: &'static [Field], begun: &mut bool) {
        each!(for field in fields {
            let Some(name) = field.names.given(self.direction) else {
                continue;
            };
            if field.flatten {
                let resolved = field.node.resolve(self.direction);
                if let Node::Object(object) = resolved.node
                    && !resolved.nullable
                {
                    self.required(object.fields, begun);
                }
                continue;
            }
            if field.is_required(self.direction) && field.names.nth(self.direction, 1).is_none() {
                self.first("\"required\":[", begun);
                self.item(name);
            }
        });
    }

    /// Writes the conditions beyond the properties: one variant of a flattened enum, one of the
    /// names of a field. Returns their number. Writes only with `write`; `Some(true)` makes each a
    /// schema of its own.
    const fn alternatives(&mut self, fields: &'static [Field], write: Option<bool>) -> usize {
        let mut count = 0;
        each!(for field in fields {
            if field.names.given(self.direction).is_none() {
                continue;
            }
            let flattened = match field.flatten {
                true => Some(field.node.resolve(self.direction)),
                false => None,
            };
            let is_condition = match flattened {
                None => {
                    field.is_required(self.direction)
                        && field.names.nth(self.direction, 1).is_some()
                }
                Some(Resolved { node, nullable, .. }) => match node {
                    Node::Object(object) if !nullable => {
                        count += self.alternatives(object.fields, write);
                        false
                    }
                    Node::Enum(_) => true,
                    Node::Text(_) => !nullable,
                    _ => false,
                },
            };
            if !is_condition {
                continue;
            }
            count += 1;
            let Some(apart) = write else {
                continue;
            };
            if apart {
                self.next();
                self.open("{");
            }
            self.alternative(field, flattened);
            if apart {
                self.close("}");
            }
        });
        count
    }

    /// Writes one condition: one of several names, or a flattened schema.
    const fn alternative(&mut self, field: &'static Field, flattened: Option<Resolved>) {
        let Some(Resolved { node, nullable, .. }) = flattened else {
            self.open_item("\"anyOf\":[");
            let mut nth = 0;
            while let Some(name) = field.names.nth(self.direction, nth) {
                self.item("{\"required\":[");
                self.sink.raw(name);
                self.sink.raw("]}");
                nth += 1;
            }
            return self.close("]");
        };
        match node {
            Node::Enum(of) if nullable => {
                self.open_item("\"anyOf\":[{");
                self.variants(of, true);
                self.close("},{}]");
            }
            Node::Enum(of) => self.variants(of, true),
            Node::Text(text) => self.all_of(text),
            _ => {}
        }
    }

    const fn all_of(&mut self, text: &'static str) {
        self.item("\"allOf\":[");
        self.sink.raw(text);
        self.sink.raw("]");
    }

    /// Writes the members that the first flattened map takes; a second one sees the same members.
    /// Returns whether there is a map.
    const fn flattened_map(&mut self, fields: &'static [Field], additional: &'static str) -> bool {
        each!(for field in fields {
            if !field.flatten || field.names.given(self.direction).is_none() {
                continue;
            }
            let (keys, values) = match field.node.resolve(self.direction).node {
                Node::Object(object) if self.flattened_map(object.fields, additional) => {
                    return true;
                }
                Node::Map { keys, values } => (keys, values),
                _ => continue,
            };
            // The map does not take members that have a name of their own; names that match a
            // pattern do not count.
            match keys.resolve(self.direction).node {
                Node::Plain {
                    kind: Kind::String, ..
                } => {
                    self.item(additional);
                    self.schema(values);
                }
                // serde has the names as text by then, and reads no number or boolean from it.
                Node::Plain { .. } if matches!(self.direction, Direction::In) => {
                    self.item(additional);
                    self.value("false");
                }
                _ => {}
            }
            return true;
        });
        false
    }

    /// Writes the members of a schema for one of several variants. An `open` one is flattened:
    /// there may be other members.
    const fn variants(&mut self, of: &'static Enum, open: bool) {
        let plain_too = !open && matches!(of.representation, Representation::External);
        let mut plain = 0;
        let mut others = 0;
        let mut exclusive = !matches!(of.representation, Representation::Untagged);
        each!(for variant in of.variants {
            if variant.names.given(self.direction).is_none() {
                continue;
            }
            exclusive &= !variant.untagged;
            if plain_too && variant.is_plain(self.direction) {
                plain += 1;
            } else {
                others += 1;
            }
        });
        match (plain, others) {
            (0, 0) => return self.item("\"not\":{}"),
            (_, 0) => return self.plain_variants(of),
            _ if exclusive => self.open_item("\"oneOf\":["),
            _ => self.open_item("\"anyOf\":["),
        }
        if plain > 0 {
            self.next();
            self.open("{");
            self.plain_variants(of);
            self.close("}");
        }
        each!(for variant in of.variants {
            if variant.names.given(self.direction).is_some()
                && !(plain_too && variant.is_plain(self.direction))
            {
                self.variant(of, variant, open);
            }
        });
        self.close("]");
    }

    /// Writes all variants that are only names.
    const fn plain_variants(&mut self, of: &'static Enum) {
        self.kind("\"string\"", false);
        self.open_item("\"enum\":[");
        each!(for variant in of.variants {
            if variant.is_plain(self.direction) {
                self.names(variant);
            }
        });
        self.close("]");
    }

    const fn names(&mut self, variant: &Variant) {
        let mut nth = 0;
        while let Some(name) = variant.names.nth(self.direction, nth) {
            self.item(name);
            nth += 1;
        }
    }

    /// Writes the members that describe the name of a variant.
    const fn variant_name(&mut self, variant: &Variant, siblings: &'static [Variant]) {
        self.kind("\"string\"", false);
        let names = &variant.names;
        if variant.other && matches!(self.direction, Direction::In) {
            self.open_item("\"not\":{\"enum\":[");
            each!(for sibling in siblings {
                if !sibling.other && !sibling.untagged {
                    self.names(sibling);
                }
            });
            self.close("]}");
        } else if names.nth(self.direction, 1).is_some() {
            self.open_item("\"enum\":[");
            self.names(variant);
            self.close("]");
        } else if let Some(name) = names.given(self.direction) {
            self.item("\"const\":");
            self.value(name);
        }
    }

    /// Writes one element of the list of variants, or one for each name.
    const fn variant(&mut self, of: &'static Enum, variant: &'static Variant, open: bool) {
        let layers = Layers::of(&variant.annotations);
        let layers = Some(&layers);
        match of.representation {
            Representation::Untagged => {
                self.next();
                self.content(variant, layers, open);
            }
            _ if variant.untagged => {
                self.next();
                self.content(variant, layers, open);
            }
            Representation::External if matches!(variant.content, Content::Unit) && !open => {
                self.next();
                self.begin(layers);
                self.variant_name(variant, of.variants);
                self.end(layers);
            }
            Representation::External => {
                let mut nth = 0;
                while let Some(name) = variant.names.nth(self.direction, nth) {
                    self.external(name, variant, layers, open);
                    nth += 1;
                }
            }
            Representation::Internal { tag } => {
                self.next();
                self.internal(of, &Tag::of(tag, variant, of), layers, open);
            }
            Representation::Adjacent { tag, content } => {
                self.next();
                let closed = of.closed && !open;
                self.adjacent(&Tag::of(tag, variant, of), content, closed, layers);
            }
        }
    }

    const fn external(
        &mut self,
        name: &'static str,
        variant: &'static Variant,
        layers: Option<&Layers<'_>>,
        open: bool,
    ) {
        self.next();
        self.begin(layers);
        self.item("\"type\":\"object\",\"properties\":{");
        self.sink.raw(name);
        self.sink.raw(":");
        self.content(variant, None, false);
        self.sink.raw("},\"required\":[");
        self.sink.raw(name);
        self.close("]");
        if !open {
            self.item("\"additionalProperties\":false");
        }
        self.end(layers);
    }

    const fn internal(
        &mut self,
        of: &'static Enum,
        tag: &Tag<'_>,
        layers: Option<&Layers<'_>>,
        open: bool,
    ) {
        let (fields, closed, inner): (&'static [Field], bool, Option<&Annotations>) =
            match &tag.variant.content {
                Content::Unit | Content::Tuple(_) => (&[], false, None),
                Content::Struct(_, fields) => (fields, of.closed, None),
                Content::Newtype(field) => {
                    let resolved = field.node.resolve(self.direction);
                    let closed = match resolved.node {
                        Node::Object(object) => object.closed,
                        _ => false,
                    };
                    (core::slice::from_ref(*field), closed, resolved.annotations)
                }
            };
        let inner = Layers {
            annotations: match inner {
                Some(inner) => inner,
                None => &Annotations::NONE,
            },
            outer: layers,
        };
        self.begin(Some(&inner));
        self.object(fields, closed && !open, Some(tag), false);
        self.end(Some(&inner));
    }

    const fn adjacent(
        &mut self,
        tag: &Tag<'_>,
        content: &'static str,
        closed: bool,
        layers: Option<&Layers<'_>>,
    ) {
        let variant = tag.variant;
        let (described, required) = match &variant.content {
            // It may be given, but has no meaning.
            Content::Unit => (closed && matches!(self.direction, Direction::In), false),
            Content::Newtype(field) => (true, field.is_required(self.direction)),
            Content::Tuple(_) | Content::Struct(..) => (true, true),
        };
        self.begin(layers);
        self.open_item("\"type\":\"object\",\"properties\":{");
        self.tag(tag);
        if described {
            self.named(content);
            self.content(variant, None, false);
        }
        self.sink.raw("},\"required\":");
        self.open("[");
        self.item(tag.key);
        if required {
            self.item(content);
        }
        self.close("]");
        if closed {
            self.item("\"additionalProperties\":false");
        }
        self.end(layers);
    }

    /// Writes the content of a variant, without its tag.
    const fn content(&mut self, variant: &Variant, layers: Option<&Layers<'_>>, open: bool) {
        let node = match variant.content {
            Content::Unit => &Node::Null,
            Content::Tuple(node) => node,
            Content::Struct(node, fields) => {
                if open {
                    self.begin(layers);
                    self.object(fields, false, None, false);
                    return self.end(layers);
                }
                node
            }
            Content::Newtype(field) => {
                let layers = Layers {
                    annotations: &field.annotations,
                    outer: layers,
                };
                return if open {
                    self.open_schema(field.node, &layers);
                } else {
                    self.layered(field.node, Some(&layers), false);
                };
            }
        };
        self.layered(node, layers, false);
    }

    /// Writes a schema that is flattened and must not forbid other members.
    const fn open_schema(&mut self, node: &'static Node, layers: &Layers<'_>) {
        let resolved = node.resolve(self.direction);
        let inner = Layers {
            annotations: match resolved.annotations {
                Some(inner) => inner,
                None => &Annotations::NONE,
            },
            outer: Some(layers),
        };
        match resolved.node {
            Node::Object(Object {
                fields,
                closed: true,
            }) => {
                self.begin(Some(&inner));
                self.object(fields, false, None, resolved.nullable);
                self.end(Some(&inner));
            }
            Node::Enum(of) if !resolved.nullable => {
                self.begin(Some(&inner));
                self.variants(of, true);
                self.end(Some(&inner));
            }
            _ => self.layered(node, Some(layers), false),
        }
    }
}

#[allow(
    clippy::indexing_slicing,
    reason = "runs in the compiler, where a panic is an error like any other"
)]
impl Definitions {
    /// Writes the members of `$defs`, without the braces around them.
    pub const fn write(&self, sink: &mut Sink<'_>) {
        let mut nth = 0;
        while nth < self.forms_len {
            let Some(form) = self.forms[nth] else { return };
            sink.raw(if nth == 0 { "\"" } else { ",\"" });
            self.write_name(form, sink);
            sink.raw("\":");
            let body = self.entry(form.entry).definition.body;
            Writer::new(self, form.direction, sink).schema(body);
            nth += 1;
        }
    }

    /// Writes a schema; everything that it refers to must have been collected in the same
    /// direction.
    pub const fn write_schema(
        &self,
        schema: &'static Node,
        direction: Direction,
        sink: &mut Sink<'_>,
    ) {
        Writer::new(self, direction, sink).schema(schema);
    }
}

impl Enum {
    /// Returns whether every variant is only a name.
    pub(super) const fn is_names_only(&self, direction: Direction) -> bool {
        each!(for variant in self.variants {
            if !matches!(variant.content, Content::Unit)
                || variant.untagged
                || variant.other && matches!(direction, Direction::In)
            {
                return false;
            }
        });
        true
    }
}

const fn find(members: &'static [Member], keyword: Keyword) -> Option<&'static str> {
    each!(for Member(key, json) in members {
        if key.is(keyword) {
            return Some(json);
        }
    });
    None
}

/// Returns text without the white space around it.
pub(super) const fn trim(text: &str) -> &str {
    text.trim_ascii()
}
