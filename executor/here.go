package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// here runs a module beside the executor. Its System reads files of the controller; its
// Network dials from the managed host.
func (v *visit) here(ctx context.Context, s *step) (modules.Reply, error) {
	here := machine.New(machine.Options{Progress: v.progress, Run: s.call.Run, Env: s.call.Env})
	defer here.Close()
	if v.frame.kind != Undoing {
		var cancel context.CancelFunc
		ctx, cancel = v.interruptible(ctx)
		defer cancel()
	}
	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	sys := fromHere{System: here, visit: v, step: s, lost: lost}
	host := &managedHost{visit: v, step: s}
	reply := modules.Perform(ctx, *s.spec, s.call, sys,
		modules.WithHost(host),
		modules.WithLink(&link{visit: v, step: s}),
		modules.WithEvaluator(evaluator{s.scope}),
		modules.WithTerminal(v.Terminal),
		modules.WithVars(varsReader{s.scope}),
		modules.WithVerbosity(v.Verbosity),
		modules.WithTypes(v.Store.KeepsTypes()))
	var gone *transport.Unreachable
	if reply.Failed && errors.As(context.Cause(ctx), &gone) {
		return modules.Reply{}, gone
	}
	if reply.ErrorKind == modules.KindUnreachable {
		return modules.Reply{}, host.gone
	}
	if reply.Failed {
		if v.frame.kind != Undoing && v.stopped() && ctx.Err() != nil {
			v.cut.Store(true)
			reply.Msg = "the operator stopped it"
		}
		if _, told := reply.Data.Get("message"); told {
			reply.Msg = "" // include_vars tells it under this name only
		}
		return reply, nil
	}
	changed, err := v.applyHere(s.spec.Name, reply.Data)
	if err != nil {
		return modules.Reply{Failed: true, Msg: err.Error()}, nil
	}
	reply.Changed = reply.Changed || changed
	return reply, nil
}

// interruptible gives a context that ends when the operator asks to stop, for what mostly
// waits and need not be waited for.
func (r *run) interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	done := ctx.Done()
	go func() {
		select {
		case <-r.Interrupt:
			cancel()
		case <-done:
		}
	}()
	return ctx, cancel
}

// fromHere is the controller's System with the host's network.
type fromHere struct {
	modules.System
	visit *visit
	step  *step
	// lost ends the module, since its host is gone.
	lost context.CancelCauseFunc
}

// Dial opens a connection from the host.
func (h fromHere) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := h.visit.Hosts.Dial(ctx, h.step.target, network, address)
	var gone *transport.Unreachable
	if errors.As(err, &gone) {
		h.lost(gone)
	}
	return conn, err
}

// OpenBlob opens what lies beside the executor anyway.
func (h fromHere) OpenBlob(_ context.Context, b modules.Blob) (io.ReadCloser, error) {
	if b.Inline != nil {
		return io.NopCloser(bytes.NewReader(b.Inline)), nil
	}
	return h.visit.contents.Open(b.SHA256)
}

// managedHost is the host of a step whose module runs here.
type managedHost struct {
	visit *visit
	step  *step
	// gone is why the host cannot be reached.
	gone error
	// offered are files of this module's own. Others may have the same bytes in files that
	// go away sooner.
	offered *contents
}

// Offer makes a file one that a call may be given.
func (h *managedHost) Offer(file string) (values.Value, error) {
	if h.offered == nil {
		h.offered = newContents(nil, nil)
	}
	blob, err := h.offered.file(file, file, asItIs)
	return blob.Value(), err
}

// Call runs another module on the host.
func (h *managedHost) Call(ctx context.Context, module string, args values.Value) (reply modules.Reply, err error) {
	call := h.step.call
	call.Module, call.Args, call.Diff = module, args, false
	call.Step = "" // of a step that runs here the host has nothing to remember
	var sent transport.Content = h.visit.contents
	if h.offered != nil {
		sent = h.offered
	}
	h.gone = h.visit.slots.use(ctx, func() (err error) {
		reply, err = h.visit.Hosts.Call(ctx, h.step.target, call, sent, h.visit.progress)
		return err
	})
	return reply, modules.WithKind(modules.KindUnreachable, h.gone)
}

// evaluator evaluates expressions with the variables of the task's host.
type evaluator struct{ scope *variables.Scope }

// Condition evaluates one condition as when does.
func (e evaluator) Condition(condition values.Value) (bool, error) {
	yes, _, err := e.scope.Condition([]values.Value{condition})
	return yes, err
}

// Evaluate gives the value of an expression.
func (e evaluator) Evaluate(expression string) (values.Value, error) {
	if v, ok, err := e.scope.Lookup(expression); ok && err == nil && v.Kind() == values.KindString {
		return v, nil // a name: the value knows where it was written
	}
	v, err := e.scope.Render(values.String("{{ " + expression + " }}"))
	var undefined *jinja.UndefinedError
	if errors.As(err, &undefined) {
		return values.Null, fmt.Errorf("%w: %w", modules.ErrUndefined, err)
	}
	return v, err
}

// varsReader reads files of variables as the task's host would find them.
type varsReader struct{ scope *variables.Scope }

// ReadVars reads them.
func (r varsReader) ReadVars(src modules.VarsSource) (*values.Map, []string, error) {
	return r.scope.ReadVars(variables.VarsSource(src))
}

// applyHere does what a module of the controller asks of the run in its data: new hosts,
// groups and figures.
func (v *visit) applyHere(module string, data values.Value) (changed bool, err error) {
	switch module {
	case "add_host":
		return v.addHost(data)
	case "group_by":
		return v.groupBy(data)
	case "set_stats":
		return false, v.setStats(data)
	}
	return false, nil
}

func (v *visit) addHost(data values.Value) (changed bool, err error) {
	told, ok := data.Get("add_host")
	if !ok {
		return false, errors.New("add_host told no host")
	}
	name, _ := told.Get("host_name")
	groups, _ := told.Get("groups")
	vars, _ := told.Get("host_vars")
	m, _ := vars.AsMap()
	return v.Inventory.AddHost(values.Text(name), orEmpty(m), texts(groups))
}

func (v *visit) setStats(data values.Value) error {
	told, _ := data.Get("ansible_stats")
	figures, _ := told.Get("data")
	m, _ := figures.AsMap()
	perHost, _ := told.Get("per_host")
	aggregate, _ := told.Get("aggregate")
	owner := wholeRun
	if perHost.Truthy() {
		owner = v.host.name
	}
	return v.stats.addCustom(owner, orEmpty(m), aggregate.Truthy())
}

func (v *visit) groupBy(data values.Value) (changed bool, err error) {
	group, ok := data.Get("add_group")
	if !ok {
		return false, errors.New("group_by told no group")
	}
	parents, _ := data.Get("parent_groups")
	return v.Inventory.AddToGroup(v.host.name, values.Text(group), texts(parents))
}

func texts(list values.Value) []string {
	var all []string
	for _, v := range list.Items() {
		all = append(all, values.Text(v))
	}
	return all
}
