package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// inclusion is one file or role that hosts include, with the same variables.
type inclusion struct {
	key   string
	what  included
	vars  *values.Map
	label string
	hosts hostSet
	// block is what was loaded, or err why not.
	block *playbooks.Block
	err   error
}

// included names what is included, evaluated.
type included struct {
	file, role string
	from       playbooks.RoleFrom
	public     bool
}

// include takes hosts through what they include: each distinct file or role with its
// variables once, in the order in which it is named first, over the hosts that name it.
func (b *batch) include(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) passage {
	place := b.announce(ctx, t, hosts, f)
	asked := make([][]*inclusion, len(hosts))
	asking := hosts
	if b.runsOnce(ctx, t, hosts, f) { // the others do nothing of what is included
		asking = hosts[:1]
	}
	ask := func(v *visit) verdict {
		wants, ended := v.inclusions(ctx)
		if ended != nil {
			return v.settle(ctx, ended)
		}
		for i, one := range hosts {
			if one == v.host {
				asked[i] = wants
			}
		}
		return verdict{host: v.host, status: OK, result: newResult()}
	}
	before := b.counts(t, asking)
	verdicts := b.each(ctx, t, asking, f, func(h *host) verdict {
		v := b.visit(ctx, t, h, place, f)
		v.tellStart()
		return ask(v)
	})
	b.debugged(ctx, t, verdicts, before, place, f, ask)
	passed := b.sort(ctx, t, hosts, false, verdicts, f)
	all := joinInclusions(hosts, asked)
	for _, one := range all {
		one.block, one.err = b.load(t, one)
		b.tellIncluded(place, one)
	}
	b.passedBy(f.path, asking)
	for i, one := range all {
		within := f.child(fmt.Sprintf("i%d", i))
		if i < len(all)-1 {
			within = within.last()
		}
		here := b.enter(ctx, t, one, passed.going, place, within)
		passed.going = passed.going.without(one.hosts).and(here.going)
		passed.failed = passed.failed.and(here.failed)
	}
	return passed
}

// joinInclusions puts the hosts together that include the same. What one host includes
// twice is two inclusions.
func joinInclusions(hosts hostSet, asked [][]*inclusion) []*inclusion {
	var all []*inclusion
	type nth struct {
		key   string
		times int
	}
	known := map[nth]*inclusion{}
	for i, h := range hosts {
		times := map[string]int{}
		for _, one := range asked[i] {
			times[one.key]++
			same := nth{one.key, times[one.key]}
			if known[same] == nil {
				known[same] = one
				all = append(all, one)
			}
			known[same].hosts = append(known[same].hosts, h)
		}
	}
	return all
}

// inclusions works out what a host includes; or the result that the task has there when
// it includes nothing.
func (v *visit) inclusions(ctx context.Context) ([]*inclusion, *result) {
	items := []*item{{scope: v.scope}}
	if v.task.Loop != nil {
		var ended *result
		if items, ended = v.items(ctx); ended != nil {
			return nil, ended
		}
	}
	var all []*inclusion
	var skips, rounds []*result
	for _, it := range items {
		one, ended := v.inclusion(it)
		rounds = append(rounds, ended)
		switch {
		case ended == nil:
			all = append(all, one)
			rounds[len(rounds)-1] = it.mark(v.includes(it, one))
		case ended.failed:
			return nil, ended
		default:
			skips = append(skips, it.mark(ended))
			if it.looped {
				v.tellItem(it, ended)
			}
		}
	}
	if len(all) > 0 {
		v.registerIncluded(rounds)
		return all, nil
	}
	if v.task.Loop == nil {
		return nil, skips[0]
	}
	return nil, v.joined(skips)
}

func (v *visit) inclusion(it *item) (*inclusion, *result) {
	if yes, _, err := it.scope.Condition(conditions(v.src, v.task)); err != nil {
		return nil, failedBy(err)
	} else if !yes {
		return nil, skippedFor("skip_reason", "Conditional result was False")
	}
	if v.task.Late != nil {
		return nil, failedBy(v.task.Late)
	}
	what, err := v.namedBy(it)
	if err != nil {
		return nil, failedBy(err)
	}
	one := &inclusion{what: what, vars: it.vars, label: it.label}
	one.key = fmt.Sprintf("%+v", what)
	if it.vars != nil {
		one.key += string(values.JSON(values.FromMap(it.vars)))
	}
	return one, nil
}

func (v *visit) namedBy(it *item) (what included, err error) {
	inc := v.task.Include
	for _, part := range []struct {
		written values.Value
		to      *string
	}{
		{inc.File, &what.file}, {inc.Role, &what.role},
		{inc.TasksFrom, &what.from.Tasks}, {inc.VarsFrom, &what.from.Vars},
		{inc.DefaultsFrom, &what.from.Defaults}, {inc.HandlersFrom, &what.from.Handlers},
	} {
		if part.written.IsNull() {
			continue
		}
		if *part.to, err = it.scope.Text(part.written); err != nil {
			return what, err
		}
	}
	what.public, err = it.scope.Bool(inc.Public)
	return what, err
}

// deepest is how many includes may stand in each other. Those that include themselves until
// something holds need some; one without an end must not take all memory.
const deepest = 500

// enter takes the hosts of an inclusion through it, as far as they still go.
func (b *batch) enter(ctx context.Context, t *playbooks.Task, one *inclusion, going hostSet, place Place, f frame) passage {
	goes := going.index()
	one.hosts = one.hosts.where(func(h *host) bool { return goes[h] })
	if len(one.hosts) == 0 {
		return passage{}
	}
	if f.depth++; f.depth > deepest && one.err == nil {
		one.err = fmt.Errorf("%s is included %d deep, and no further: see whether it includes itself without an end", cmp.Or(one.what.file, one.what.role), deepest)
	}
	if one.err != nil {
		verdicts := b.each(ctx, t, one.hosts, f, func(h *host) verdict {
			return b.visit(ctx, t, h, place, f).settle(ctx, failedBy(inWords(one.err)))
		})
		return b.sort(ctx, t, one.hosts, false, verdicts, f)
	}
	f.params = b.params(t, f)
	if one.vars != nil {
		f.params = append(f.params[:len(f.params):len(f.params)], one.vars)
	}
	return b.node(ctx, one.block, one.hosts, f)
}

// params are the variables of the includes around a task, with those of the task where it
// is an include itself.
func (b *batch) params(t *playbooks.Task, f frame) []*values.Map {
	if t.Include == nil || t.Vars == nil {
		return f.params
	}
	return append(f.params[:len(f.params):len(f.params)], t.Vars)
}

// inWords gives mistakes without the lines that they stand in, for a result.
func inWords(err error) error {
	var mistakes playbooks.Mistakes
	if !errors.As(err, &mistakes) {
		return err
	}
	var texts []string
	for _, m := range mistakes {
		text := strings.TrimPrefix(m.Pos.String()+": "+m.Msg, ": ")
		if m.Hint != "" {
			text += " (" + m.Hint + ")"
		}
		texts = append(texts, text)
	}
	return errors.New(strings.Join(texts, "; "))
}

func (b *batch) load(t *playbooks.Task, one *inclusion) (*playbooks.Block, error) {
	if t.Include.Kind != "role" {
		block, err := b.Loader.Tasks(t, one.what.file)
		if err == nil {
			b.handlers.add(block.Handlers)
		}
		return block, err
	}
	use, err := b.Loader.Role(t, one.what.role, one.what.from)
	if err != nil {
		return nil, err
	}
	b.handlers.add(use.Handlers)
	if one.what.public {
		b.Store.Expose(b.src, use)
	}
	return use.Tasks, nil
}

// absolute is the whole name of a file, as Ansible shows it.
func absolute(file string) string {
	if whole, err := filepath.Abs(file); err == nil {
		return whole
	}
	return file
}

func isEmpty(b *playbooks.Block) bool {
	for _, n := range b.Body {
		if below, ok := n.(*playbooks.Block); !ok || below.RoleUse != nil || !isEmpty(below) {
			return false
		}
	}
	return true
}

// tellIncluded tells what was included; as in Ansible a file counts as done, a role does not.
func (b *batch) tellIncluded(place Place, one *inclusion) {
	if one.err != nil || one.what.role == "" && isEmpty(one.block) {
		return // as in Ansible, nothing is said of a file without tasks
	}
	if one.what.role == "" {
		for _, h := range one.hosts {
			b.stats.change(h.name, func(s *HostStats) { s.OK++ })
		}
	}
	b.tell(Included{Replayed: b.before(place.Path, one.hosts), Task: place, Hosts: one.hosts.names(), Label: one.label, Role: one.what.role, File: absolute(one.block.Pos.File)})
}
