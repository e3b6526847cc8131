//! Reading of the descriptions that the tool writes into modules: numbers in unsigned LEB128, texts
//! with their lengths, and references to other positions.

/// A position in a description.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    all: &'a [u8],
    at: usize,
}

/// Reading beyond the end gives zeros: the tool that wrote the description also checked it.
impl<'a> Node<'a> {
    pub(crate) fn new(description: &'a [u8], at: usize) -> Self {
        Node {
            all: description,
            at,
        }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let byte = self.all.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        byte
    }

    pub(crate) fn number(&mut self) -> usize {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            number |= usize::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            shift += 7;
            if byte & 0x80 == 0 {
                return number;
            }
        }
    }

    pub(crate) fn text(&mut self) -> &'a str {
        let len = self.number();
        let bytes = self.all.get(self.at..self.at + len).unwrap_or_default();
        self.at += len;
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Reads a reference; `None` for 0.
    pub(crate) fn reference(&mut self) -> Option<Node<'a>> {
        match self.number() {
            0 => None,
            at => Some(Node::new(self.all, at)),
        }
    }

    /// Reads a reference that is not 0.
    pub(crate) fn inner(&mut self) -> Node<'a> {
        let at = self.number();
        Node::new(self.all, at)
    }

    /// Returns the kind of a type without reading it.
    pub(crate) fn peek(mut self) -> u8 {
        self.byte()
    }
}
