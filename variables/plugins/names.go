package plugins

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// ask asks Python which names the files of a kind define, once.
func (s *Set) ask(f *found) error {
	if f.names != nil {
		return nil
	}
	if err := s.needPython(f.kind, f.files[0]); err != nil {
		return err
	}
	frame := values.NewMap(4)
	frame.Set("do", values.String("names"))
	frame.Set("kind", values.String(f.kind))
	frame.Set("files", values.Strings(f.files...))
	got, err := s.python.call(context.Background(), s.python.loading(), frame, noAnswer)
	if err != nil {
		return fmt.Errorf("load the %s plugins %s with %s: %w", f.kind, strings.Join(f.files, ", "), s.options.Python, err)
	}
	result, ok := got.Get("result")
	if !ok {
		told, _ := got.Get("error")
		last, _ := told.Get("last")
		return fmt.Errorf("load the %s plugins %s with %s: %s", f.kind, strings.Join(f.files, ", "), s.options.Python, values.Text(last))
	}
	f.names, f.bad = textMap(result, "found"), textMap(result, "bad")
	for _, file := range slices.Sorted(maps.Keys(f.bad)) {
		if !s.warned[file] {
			s.warned[file] = true
			s.warn("the %s plugin %s is not used: %s", f.kind, file, f.bad[file])
		}
	}
	return nil
}

func noAnswer(what string, _ *values.Map) (values.Value, error) {
	return values.Null, errors.New("a plugin that is being loaded cannot ask for " + what)
}

func textMap(v values.Value, key string) map[string]string {
	inner, _ := v.Get(key)
	out := map[string]string{}
	if m, ok := inner.AsMap(); ok {
		for key, text := range m.All() {
			out[values.Text(key)] = values.Text(text)
		}
	}
	return out
}
