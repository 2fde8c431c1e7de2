package facts

import (
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// table reads a file of lines "key <separator> value".
func (h *host) table(name, separator string) map[string]string {
	table := map[string]string{}
	for _, line := range h.lines(name) {
		if key, value, ok := strings.Cut(line, separator); ok {
			table[strings.TrimSpace(key)] = unquoted(strings.TrimSpace(value))
		}
	}
	return table
}

// unquoted takes the quotes of a shell's assignment off.
func unquoted(s string) string {
	if len(s) < 2 || s[0] != '"' && s[0] != '\'' || s[len(s)-1] != s[0] {
		return s
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' && strings.IndexByte("\"$\\`", s[i+1]) >= 0 && i+1 < len(s)-1 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// toInt reads a whole number, 0 where there is none.
func toInt(s string) int64 {
	i, _ := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return i
}

func number(s string) values.Value { return values.Int(toInt(s)) }

// orNA is the text that Ansible gives for what a host does not tell.
func orNA(s string) string {
	if s == "" {
		return "NA"
	}
	return s
}

// orNull is null for "".
func orNull(s string) values.Value {
	if s == "" {
		return values.Null
	}
	return values.String(s)
}

// words divides a line as a shell would: quotes hold words together and go away.
func words(line string) []string {
	var list []string
	var word strings.Builder
	started, quote := false, rune(0)
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, started = r, true
		case r == ' ' || r == '\t' || r == '\n':
			if started {
				list = append(list, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteRune(r)
			started = true
		}
	}
	if started {
		list = append(list, word.String())
	}
	return list
}
