// Package pythonjson writes JSON as Python's json.dumps does.
package pythonjson

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/gdeploy/gdeploy/values"
)

// Dump writes a value with a space after commas and colons, ASCII only.
func Dump(v values.Value) string {
	var b strings.Builder
	write(&b, v)
	return b.String()
}

func write(b *strings.Builder, v values.Value) {
	if m, ok := v.AsMap(); ok {
		b.WriteByte('{')
		for i, key := range m.Keys() {
			if i > 0 {
				b.WriteString(", ")
			}
			writeASCII(b, key)
			b.WriteString(": ")
			write(b, m.Values()[i])
		}
		b.WriteByte('}')
		return
	}
	if v.Kind() != values.KindList {
		writeASCII(b, v)
		return
	}
	b.WriteByte('[')
	for i, item := range v.Items() {
		if i > 0 {
			b.WriteString(", ")
		}
		write(b, item)
	}
	b.WriteByte(']')
}

func writeASCII(b *strings.Builder, v values.Value) {
	for _, r := range string(values.JSON(v)) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(b, `\u%04x`, r)
		}
	}
}
