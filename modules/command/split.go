package command

import (
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// Split divides a command line into words as a shell does: by spaces, with quotes and
// backslashes, without variables or patterns.
func Split(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	started, quote := false, byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && quote != '\'':
			if i+1 == len(line) {
				return nil, modules.Fail("No escaped character")
			}
			i++
			if quote == '"' && line[i] != '"' && line[i] != '\\' {
				word.WriteByte('\\')
			}
			word.WriteByte(line[i])
			started = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote, started = c, true
		case strings.IndexByte(" \t\r\n", c) >= 0:
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteByte(c)
			started = true
		}
	}
	if quote != 0 {
		return nil, modules.Fail("No closing quotation")
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}
