package inventory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sourcegraph/conc/pool"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// hostCallsAtOnce bounds how many --host calls of a script run side by side.
const hostCallsAtOnce = 8

// scriptReader reads what an executable inventory prints. All its values are marked as
// data from outside, which is never read as a template.
type scriptReader struct {
	*document
	path string
	host map[string]bool
	list []string // the hosts in their order
	meta *values.Map
}

// readScript calls the script with --list, and with --host for each host where the list
// has no _meta.
func readScript(ctx context.Context, path string) (*document, error) {
	out, err := runScript(ctx, path, "--list")
	if err != nil {
		return nil, err
	}
	r := scriptReader{document: &document{file: path, src: out, script: true}, path: path, host: map[string]bool{}}
	root, warnings, err := yaml.Load(out, path+" --list")
	r.warnings = warnings
	if err != nil {
		return nil, fmt.Errorf("inventory script %s --list prints no JSON:\n%w", path, err)
	}
	groups, ok := root.MarkUnsafe().AsMap()
	if !ok {
		return nil, fmt.Errorf("inventory script %s --list: it must print a JSON object of groups, not %s", path, root.Kind().Phrase())
	}
	for name, body := range groups.All() {
		r.entry(name, body)
	}
	return r.document, r.hostVars(ctx)
}

func runScript(ctx context.Context, path string, args ...string) ([]byte, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("inventory script %s: %w", path, err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, full, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // what it started may hold the pipes
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		said := strings.TrimSpace(stderr.String())
		if said != "" {
			said = "\n" + said
		}
		return nil, fmt.Errorf("inventory script %s %s: %w%s", path, strings.Join(args, " "), err, said)
	}
	return stdout.Bytes(), nil
}

func (r *scriptReader) entry(name, body values.Value) {
	group := values.Text(name)
	if group == "_meta" {
		if vars, ok := body.Get("hostvars"); ok {
			r.meta, _ = vars.AsMap()
		}
		return
	}
	r.say(statement{kind: sayGroup, pos: name.Pos(), group: group})
	if body.Kind() == values.KindList {
		r.hosts(group, body)
		return
	}
	parts, ok := body.AsMap()
	if !ok {
		r.fail(body.Pos(), "the group %q is a list of hosts or an object with hosts, vars and children, not %s", group, body.Kind().Phrase())
		return
	}
	if !parts.Has("hosts") && !parts.Has("vars") && !parts.Has("children") {
		r.hosts(group, values.ListOf(name)) // an old form: variables of a lone host
		r.say(statement{kind: sayGroupVar, pos: body.Pos(), group: group, vars: parts})
		return
	}
	if hosts, ok := parts.Get("hosts"); ok {
		r.hosts(group, hosts)
	}
	if vars, ok := parts.Get("vars"); ok {
		r.vars(group, vars)
	}
	if children, ok := parts.Get("children"); ok {
		r.children(group, children)
	}
}

func (r *scriptReader) hosts(group string, hosts values.Value) {
	if hosts.Kind() != values.KindList {
		r.fail(hosts.Pos(), "hosts of the group %q is a list, not %s", group, hosts.Kind().Phrase())
		return
	}
	for _, item := range hosts.Items() {
		name := values.Text(item)
		if !r.host[name] {
			r.host[name] = true
			r.list = append(r.list, name)
		}
		r.say(statement{kind: sayHosts, pos: item.Pos(), group: group, names: []string{name}})
	}
}

func (r *scriptReader) vars(group string, vars values.Value) {
	m, ok := vars.AsMap()
	if !ok {
		r.fail(vars.Pos(), "vars of the group %q is an object, not %s", group, vars.Kind().Phrase())
		return
	}
	r.say(statement{kind: sayGroupVar, pos: vars.Pos(), group: group, vars: m})
}

func (r *scriptReader) children(group string, children values.Value) {
	if children.Kind() != values.KindList {
		r.fail(children.Pos(), "children of the group %q is a list, not %s", group, children.Kind().Phrase())
		return
	}
	for _, item := range children.Items() {
		name := values.Text(item)
		r.say(statement{kind: sayGroup, pos: item.Pos(), group: name})
		r.say(statement{kind: sayChild, pos: item.Pos(), group: group, names: []string{name}})
	}
}

// hostVars adds the variables of every host, from _meta or by a call for each.
func (r *scriptReader) hostVars(ctx context.Context) error {
	found := make([]values.Value, len(r.list))
	if r.meta == nil {
		if err := r.askHosts(ctx, found); err != nil {
			return err
		}
	} else {
		for i, name := range r.list {
			found[i], _ = r.meta.Get(name)
		}
	}
	for i, name := range r.list {
		vars, ok := found[i].AsMap()
		if !ok && !found[i].IsNull() {
			r.fail(found[i].Pos(), "the variables of the host %q are an object, not %s", name, found[i].Kind().Phrase())
			continue
		}
		r.say(statement{kind: sayHostVar, names: []string{name}, vars: vars})
	}
	return nil
}

func (r *scriptReader) askHosts(ctx context.Context, found []values.Value) error {
	var lock sync.Mutex
	var errs []error
	calls := pool.New().WithMaxGoroutines(hostCallsAtOnce)
	for i, name := range r.list {
		calls.Go(func() {
			v, err := askHost(ctx, r.path, name)
			lock.Lock()
			defer lock.Unlock()
			found[i], errs = v, append(errs, err)
		})
	}
	calls.Wait()
	return errors.Join(errs...)
}

func askHost(ctx context.Context, path, name string) (values.Value, error) {
	out, err := runScript(ctx, path, "--host", name)
	if err != nil || len(bytes.TrimSpace(out)) == 0 {
		return values.Null, err
	}
	v, _, err := yaml.Load(out, path+" --host "+name)
	if err != nil {
		return values.Null, fmt.Errorf("inventory script %s --host %s prints no JSON:\n%w", path, name, err)
	}
	return v.MarkUnsafe(), nil
}
