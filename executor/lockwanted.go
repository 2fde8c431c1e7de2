package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// wantedLock evaluates the play's lock for each of its hosts and for those beside them;
// it is nil where the play wants none.
func (p *play) wantedLock(ctx context.Context) (*heldLock, error) {
	lock := p.src.Lock
	if lock == nil {
		return nil, nil
	}
	names, err := p.lockHosts(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: lock: %w", lock.Pos, err)
	}
	wanted := &heldLock{}
	for _, name := range names {
		place, name, err := p.lockPlace(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("%s: lock: %w", lock.Pos, err)
		}
		if place == nil {
			continue
		}
		wanted.name = name
		wanted.places = append(wanted.places, place)
	}
	if len(wanted.places) == 0 {
		return nil, nil
	}
	return wanted, nil
}

// lockHosts are the hosts of the play and those of also, in the order of their names.
func (p *play) lockHosts(ctx context.Context) ([]string, error) {
	names := p.hosts.names()
	b := &batch{play: p, hosts: p.hosts}
	also, err := b.scope(ctx, p.lockTask(), p.hosts[0], frame{}).Render(p.src.Lock.Also)
	if err != nil {
		return nil, err
	}
	more := also.Items()
	if text, ok := also.AsString(); ok && text != "" {
		more = []values.Value{also}
	}
	for _, v := range more {
		if name := values.Text(v); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// lockTask stands for the task that taking the lock is.
func (p *play) lockTask() *playbooks.Task {
	t := &playbooks.Task{Action: "release_lock"}
	t.Become = p.src.Lock.Become
	t.Pos = p.src.Lock.Pos
	return t
}

var errNoLockPath = errors.New("path is empty: name the directory of the lock")

// lockPlace works out the lock on one host. For a host beside those of the play the
// variables of the play's first host count, with the connection of its own.
func (p *play) lockPlace(ctx context.Context, name string) (*lockPlace, string, error) {
	lock := p.src.Lock
	t := p.lockTask()
	owner := p.hosts[0]
	for _, h := range p.hosts {
		if h.name == name {
			owner = h
		}
	}
	v := (&batch{play: p, hosts: p.hosts}).visit(ctx, t, owner, Place{Path: p.path + "/lock"}, frame{path: p.path + "/lock"})
	if yes, _, err := v.scope.Condition(lock.When); err != nil || !yes {
		return nil, "", err
	}
	label, err := v.scope.Text(lock.Name)
	if err != nil {
		return nil, "", err
	}
	args, err := v.lockArgs(lock)
	if err != nil {
		return nil, "", err
	}
	if !args.Has("wait") {
		args.Set("wait", values.Float(p.LockWait.Seconds()))
	}
	path := textArg(args, "path")
	if path == "" {
		return nil, "", errNoLockPath
	}
	s := &step{scope: v.scope, item: &item{}}
	if name != owner.name {
		s.delegate = name
	}
	if err := v.fillTarget(ctx, s); err != nil {
		return nil, "", err
	}
	call := modules.Call{Module: "release_lock", Args: values.FromMap(args), Chain: name, Run: p.Identity}
	return &lockPlace{host: name, path: path, target: s.target, call: call}, label, nil
}

// lockArgs are the parameters of release_lock.
func (v *visit) lockArgs(lock *playbooks.Lock) (*values.Map, error) {
	args := values.NewMap(5)
	for _, a := range []struct {
		name    string
		written values.Value
	}{{"path", lock.Path}, {"reason", lock.Reason}, {"wait", lock.Wait}, {"take_over", lock.TakeOver}, {"hold", lock.Hold}, {"urgent", lock.Urgent}} {
		if a.written.IsNull() {
			continue
		}
		value, err := v.scope.Render(a.written)
		if err != nil {
			return nil, err
		}
		args.Set(a.name, value)
	}
	return args, nil
}
