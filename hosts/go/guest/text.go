package guest

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns a guest's text for people: valid UTF-8 of at most limit bytes, with control
// characters replaced. A text that is cut ends with an ellipsis.
func Printable(text string, limit int) string {
	cut := len(text) > limit
	if cut {
		for limit > 0 && !utf8.RuneStart(text[limit]) {
			limit--
		}
		text = text[:limit]
	}
	text = strings.Map(func(char rune) rune {
		if char == '\n' || char == '\t' || unicode.IsPrint(char) {
			return char
		}
		return unicode.ReplacementChar
	}, text)
	if cut {
		text += "…"
	}
	return text
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
