package lookups

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// pipe gives what commands print.
func pipe(q *Query) ([]values.Value, error) {
	if err := q.only(); err != nil {
		return nil, err
	}
	return q.each(func(command string) (values.Value, error) {
		out, err := q.run(command)
		return values.String(strings.TrimRight(out, " \t\r\n\f\v")), err
	})
}

// lines gives the lines that commands print.
func lines(q *Query) ([]values.Value, error) {
	if err := q.only(); err != nil {
		return nil, err
	}
	var all []values.Value
	for _, term := range q.Terms {
		out, err := q.run(values.Text(term))
		if err != nil {
			return nil, err
		}
		if out = strings.TrimSuffix(out, "\n"); out == "" {
			continue
		}
		for line := range strings.SplitSeq(out, "\n") {
			all = append(all, values.String(strings.TrimSuffix(line, "\r")))
		}
	}
	return all, nil
}

// run gives what a shell command on the controller prints.
func (q *Query) run(command string) (string, error) {
	cmd := exec.CommandContext(q.Ctx, "/bin/sh", "-c", command)
	cmd.Dir = q.From.Dir()
	cmd.WaitDelay = 2 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case q.Ctx.Err() != nil:
		return "", fmt.Errorf("lookup %s %q: %w", q.Name, command, q.Ctx.Err())
	case errors.As(err, &exit):
		return "", fmt.Errorf("lookup_plugin.%s(%s) returned %d%s", q.Name, command, exit.ExitCode(), said(stderr.String()))
	case err != nil:
		return "", fmt.Errorf("lookup %s %q: %w", q.Name, command, err)
	}
	return stdout.String(), nil
}

func said(stderr string) string {
	if stderr = strings.TrimSpace(stderr); stderr == "" {
		return ""
	}
	return ": " + stderr
}

// env gives environment variables of the controller.
func env(q *Query) ([]values.Value, error) {
	if err := q.only("default"); err != nil {
		return nil, err
	}
	return q.each(func(name string) (values.Value, error) {
		name, _, _ = strings.Cut(name, " ")
		if text, ok := q.From.Getenv(name); ok {
			return values.String(text), nil
		}
		if v, ok := q.Options.Get("default"); ok {
			if jinja.IsUndefined(v) {
				return v, &jinja.UndefinedError{Name: name, Msg: `The "env" lookup, found an undefined variable: ` + name}
			}
			return v, nil
		}
		return values.String(""), nil
	})
}
