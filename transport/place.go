package transport

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/transport/embedded"
)

func orElse(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// place gives the login on t, made if need be.
func (p *Pool) place(ctx context.Context, t Target) (*place, error) {
	if t.Connection == "local" {
		return p.places.get(ctx, localName, func() (*place, error) { return &place{pool: p, link: localLink{}}, nil })
	}
	if t.Connection != "" && t.Connection != "ssh" {
		return nil, &Unreachable{Kind: KindConfig, Op: "connect to " + t.Host, Cause: fmt.Errorf("unknown connection %q", t.Connection), Next: "choose ssh or local"}
	}
	endpoint, err := p.endpoint(ctx, t)
	if err != nil {
		return nil, err
	}
	return p.places.get(ctx, endpoint.key(), func() (*place, error) {
		link, err := p.login(endpoint)
		if err != nil {
			return nil, err
		}
		return &place{pool: p, link: link}, nil
	})
}

// endpoint reads ~/.ssh/config for t, once.
func (p *Pool) endpoint(ctx context.Context, t Target) (*endpoint, error) {
	return p.known.get(ctx, t.key(), func() (*endpoint, error) {
		config, err := p.configs.get(p.ctx, t.SSHConfig, func() (sshConfig, error) {
			return readSSHConfig(t.SSHConfig, func(err error) { p.options.Log.Warn().Err(err).Msg("ssh configuration") }), nil
		})
		if err != nil {
			return nil, err
		}
		return resolve(t, config)
	})
}

// login connects to e, through its jump hosts where it has some.
func (p *Pool) login(e *endpoint) (link, error) {
	dial, via, err := p.way(e)
	if err != nil {
		return nil, err
	}
	client, err := p.dialer.login(p.ctx, e, via, dial)
	if err != nil {
		return nil, err
	}
	p.options.Log.Debug().Str("host", e.target.Host).Str("server", string(client.ServerVersion())).Msg("connected to " + e.name())
	return newSSHLink(e, client, p.programs), nil
}

// way gives what to dial e with, and the jump host that it goes through.
func (p *Pool) way(e *endpoint) (dial dialContext, via string, err error) {
	if len(e.jump) == 0 {
		return directly, "", nil
	}
	if err := p.checkWay(e); err != nil {
		return nil, "", err
	}
	hop, err := e.hop()
	if err != nil {
		return nil, "", err
	}
	jump, err := p.place(p.ctx, hop)
	if err != nil {
		return nil, "", fmt.Errorf("jump host %s: %w", hop.Host, err)
	}
	return jump.link.(*sshLink).client.DialContext, strings.Join(e.jump, ","), nil
}

// checkWay refuses jump hosts that need each other, before anything waits for them: each of
// them would wait for the others.
func (p *Pool) checkWay(e *endpoint) error {
	passed := []string{e.hostPort()}
	for at := e; len(at.jump) > 0; {
		hop, err := at.hop()
		if err != nil {
			return err
		}
		if at, err = p.endpoint(p.ctx, hop); err != nil {
			return err
		}
		if slices.Contains(passed, at.hostPort()) {
			return e.misconfigured(fmt.Errorf("the way through jump host %q leads back to %s", hop.Host, at.hostPort()), "set ansible_ssh_common_args or ProxyJump for one of them to none")
		}
		passed = append(passed, at.hostPort())
	}
	return nil
}

// programs gives the helpers that hosts may need.
func (p *Pool) programs() (map[string]Program, error) {
	if p.options.Helpers == nil {
		return embedded.Source{}.Programs()
	}
	return p.options.Helpers.Programs()
}
