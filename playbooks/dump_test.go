package playbooks_test

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// dump prints a tree: a line for each node with what was written on it.
type dump struct{ strings.Builder }

func (d *dump) line(depth int, format string, args ...any) {
	fmt.Fprintf(&d.Builder, strings.Repeat("  ", depth)+format+"\n", args...)
}

func (d *dump) playbook(pb *playbooks.Playbook) {
	for _, play := range pb.Plays {
		d.line(0, "play @%s%s", at(play.Pos), fields(*play))
		d.nodes(1, "pre_tasks", play.PreTasks)
		for _, use := range play.Roles {
			d.use(1, use, use.Tasks)
		}
		d.nodes(1, "tasks", play.Tasks)
		d.nodes(1, "post_tasks", play.PostTasks)
		if play.Rolling != nil {
			d.nodes(1, "check", play.Rolling.Check)
		}
		d.handlers(1, play.Handlers)
	}
}

func (d *dump) nodes(depth int, title string, nodes []playbooks.Node) {
	if len(nodes) == 0 {
		return
	}
	d.line(depth, "%s:", title)
	for _, n := range nodes {
		d.node(depth+1, n)
	}
}

func (d *dump) node(depth int, n playbooks.Node) {
	switch n := n.(type) {
	case *playbooks.Task:
		d.task(depth, n)
	case *playbooks.Block:
		if n.RoleUse != nil {
			d.use(depth, n.RoleUse, n)
			return
		}
		d.line(depth, "block @%s%s%s", at(n.Pos), fields(*n), roleName(n.Role))
		d.block(depth, n)
	}
}

func (d *dump) block(depth int, b *playbooks.Block) {
	for _, inner := range b.Body {
		d.node(depth+1, inner)
	}
	d.nodes(depth+1, "rescue", b.Rescue)
	d.nodes(depth+1, "always", b.Always)
	d.nodes(depth+1, "undo", b.Undo)
}

func (d *dump) task(depth int, t *playbooks.Task) {
	late := ""
	if t.Late != nil {
		late = fmt.Sprintf(" late=%q", t.Late)
	}
	written := ""
	if t.Written != t.Action {
		written = " written=" + t.Written
	}
	d.line(depth, "%s @%s%s%s%s%s", t.Action, at(t.Pos), fields(*t), written, roleName(t.Role), late)
	d.nodes(depth+1, "undo", t.Undo)
}

func (d *dump) use(depth int, use *playbooks.RoleUse, b *playbooks.Block) {
	d.line(depth, "role %s @%s%s", use.Role.Name, at(use.Pos), fields(*use))
	if use.Role.Defaults != nil && use.Role.Defaults.Len() > 0 {
		d.line(depth+1, "defaults=%s", values.JSON(values.FromMap(use.Role.Defaults)))
	}
	if use.Role.Vars != nil && use.Role.Vars.Len() > 0 {
		d.line(depth+1, "vars=%s", values.JSON(values.FromMap(use.Role.Vars)))
	}
	d.block(depth, b)
}

func (d *dump) handlers(depth int, all []*playbooks.Handler) {
	if len(all) == 0 {
		return
	}
	d.line(depth, "handlers:")
	for _, h := range all {
		d.node(depth+1, h.Node)
		if h.Listen != nil {
			d.line(depth+2, "listen=%s", values.JSON(values.FromSlice(h.Listen)))
		}
	}
}

func at(pos values.Position) string {
	return fmt.Sprintf("%s:%d:%d", strings.TrimPrefix(pos.File, "play.yml"), pos.Line, pos.Col)
}

func roleName(r *playbooks.Role) string {
	if r == nil {
		return ""
	}
	return " in=" + r.Name
}

var structure = map[string]bool{"Pos": true, "File": true, "Parent": true, "Role": true, "RoleUse": true, "Spec": true, "Action": true,
	"Written": true, "Late": true, "Same": true, "Depth": true, "Include": false}

// fields prints what is set in a node's struct, but for nodes.
func fields(node any) string {
	var out strings.Builder
	v := reflect.ValueOf(node)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || structure[f.Name] || v.Field(i).IsZero() {
			continue
		}
		if f.Anonymous {
			out.WriteString(fields(v.Field(i).Interface()))
			continue
		}
		if text := field(v.Field(i).Interface()); text != "" {
			fmt.Fprintf(&out, " %s=%s", f.Name, text)
		}
	}
	return out.String()
}

func field(v any) string {
	switch v := v.(type) {
	case values.Value:
		return string(values.JSON(v))
	case []values.Value:
		return string(values.JSON(values.FromSlice(v)))
	case *values.Map:
		if v.Len() == 0 {
			return ""
		}
		return string(values.JSON(values.FromMap(v)))
	case []string:
		return "[" + strings.Join(v, ",") + "]"
	case string:
		return strings.TrimPrefix(v, "stock:")
	case int, bool:
		return fmt.Sprint(v)
	case *playbooks.Loop:
		return v.Lookup + string(values.JSON(v.Items))
	case playbooks.LoopControl, playbooks.RoleFrom, playbooks.Prompt:
		return "{" + strings.TrimSpace(fields(v)) + "}"
	case *playbooks.Include:
		return "{" + strings.TrimSpace(fields(*v)) + "}"
	case *playbooks.Keywords:
		return "{" + strings.TrimSpace(fields(*v)) + "}"
	case *playbooks.Rolling:
		return "{" + strings.TrimSpace(fields(*v)) + "}"
	case *playbooks.Lock:
		return "{" + strings.TrimSpace(fields(*v)) + "}"
	case []playbooks.Prompt:
		var all []string
		for _, p := range v {
			all = append(all, field(p))
		}
		return strings.Join(all, ",")
	}
	return ""
}
