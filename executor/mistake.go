package executor

import (
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// mistaken is an error in what a play says about itself, with the line that it stands in:
// what tells the error's place more closely than where is taken from its text.
func (r *run) mistaken(where values.Position, keyword string, err error) error {
	text := strings.TrimPrefix(err.Error(), where.String()+": ")
	if rest, ok := strings.CutPrefix(text, where.File+":"); ok {
		inner := values.Position{File: where.File}
		if n, _ := fmt.Sscanf(rest, "%d:%d: ", &inner.Line, &inner.Col); n == 2 {
			where = inner
			text = strings.TrimPrefix(text, inner.String()+": ")
		}
	}
	text = strings.TrimPrefix(text, keyword+": ")
	return playbooks.Mistakes{{Pos: where, Msg: keyword + ": " + text, Line: r.Loader.Line(where)}}
}
