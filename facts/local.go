package facts

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// local gathers the host's own facts: files *.fact of JSON or INI, or programs that print
// such.
func local(h *host) {
	found := values.NewMap(4)
	for _, dir := range h.options.LocalDirs {
		for _, name := range h.names(dir) {
			if base, ok := strings.CutSuffix(name, ".fact"); ok {
				found.Set(base, h.localFact(path.Join(dir, name)))
			}
		}
	}
	h.set("local", values.FromMap(found))
}

// localFact reads one file. What is wrong with it becomes a warning, and the fact itself.
func (h *host) localFact(name string) values.Value {
	text, err := h.factText(name)
	if err == nil {
		v, ok := parseFact(text)
		if ok {
			return v
		}
		err = fmt.Errorf("error loading facts as JSON or ini - please check content: %s", name)
	}
	h.warn(err.Error())
	return values.String(err.Error())
}

func (h *host) factText(name string) (string, error) {
	st, err := h.sys.Stat(name)
	if err != nil {
		return "", err
	}
	if st.Mode&0o100 == 0 {
		content, err := modules.ReadFile(h.sys, name, largest)
		return string(content), err
	}
	ctx, cancel := context.WithTimeout(h.ctx, h.options.Timeout)
	defer cancel()
	out, err := h.sys.Query(ctx, modules.Command{Argv: []string{name}})
	if err != nil {
		return "", fmt.Errorf("Could not execute fact script (%s): %w", name, err) //nolint:staticcheck // Ansible's words
	}
	if out.RC != 0 {
		return "", fmt.Errorf("Failure executing fact script (%s), rc: %d, err: %s", name, out.RC, out.Stderr) //nolint:staticcheck // Ansible's words
	}
	return out.Stdout, nil
}

func parseFact(text string) (values.Value, bool) {
	if v, err := values.Decode([]byte(text)); err == nil {
		return v, true
	}
	return parseINI(text)
}
