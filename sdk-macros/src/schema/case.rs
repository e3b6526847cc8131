//! The rules by which serde renames fields and variants.

/// `rename_all`
#[derive(Clone, Copy, Default, PartialEq)]
pub enum Case {
    #[default]
    AsWritten,
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    /// Returns the rule that serde calls `rule`; serde reports an unknown one.
    pub fn of(rule: &str) -> Case {
        match rule {
            "lowercase" => Case::Lower,
            "UPPERCASE" => Case::Upper,
            "PascalCase" => Case::Pascal,
            "camelCase" => Case::Camel,
            "snake_case" => Case::Snake,
            "SCREAMING_SNAKE_CASE" => Case::ScreamingSnake,
            "kebab-case" => Case::Kebab,
            "SCREAMING-KEBAB-CASE" => Case::ScreamingKebab,
            _ => Case::AsWritten,
        }
    }

    pub fn or(self, other: Case) -> Case {
        match self {
            Case::AsWritten => other,
            case => case,
        }
    }

    pub fn variant(self, name: &str) -> String {
        match self {
            Case::AsWritten | Case::Pascal => name.to_owned(),
            Case::Lower => name.to_ascii_lowercase(),
            Case::Upper => name.to_ascii_uppercase(),
            Case::Camel => lower_first(name),
            Case::Snake => {
                let mut snake = String::new();
                for (nth, character) in name.char_indices() {
                    if nth > 0 && character.is_uppercase() {
                        snake.push('_');
                    }
                    snake.push(character.to_ascii_lowercase());
                }
                snake
            }
            Case::ScreamingSnake => Case::Snake.variant(name).to_ascii_uppercase(),
            Case::Kebab => Case::Snake.variant(name).replace('_', "-"),
            Case::ScreamingKebab => Case::ScreamingSnake.variant(name).replace('_', "-"),
        }
    }

    pub fn field(self, name: &str) -> String {
        match self {
            Case::AsWritten | Case::Lower | Case::Snake => name.to_owned(),
            Case::Upper | Case::ScreamingSnake => name.to_ascii_uppercase(),
            Case::Pascal => {
                let mut pascal = String::new();
                let mut capital = true;
                for character in name.chars() {
                    if character == '_' {
                        capital = true;
                    } else if capital {
                        pascal.push(character.to_ascii_uppercase());
                        capital = false;
                    } else {
                        pascal.push(character);
                    }
                }
                pascal
            }
            Case::Camel => lower_first(&Case::Pascal.field(name)),
            Case::Kebab => name.replace('_', "-"),
            Case::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}
