package transport

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/transport/wire"
)

func (b Become) method() string {
	if b.Method == "" {
		return "sudo"
	}
	return b.Method
}

func (b Become) user() string {
	if b.User == "" {
		return "root"
	}
	return b.User
}

// key tells apart the helpers of a place.
func (b Become) key() string {
	sum := sha256.Sum256([]byte(b.Password))
	return fmt.Sprintf("%s %q %q %q %x", b.method(), b.user(), b.Exe, b.Flags, sum[:8])
}

// become starts a helper as another user, below the helper of the login user.
func (p *place) become(ctx context.Context, b Become) (*peer, error) {
	below, err := p.direct(ctx)
	if err != nil {
		return nil, err
	}
	if below.hello.UID == 0 && b.user() == "root" && b.method() == "sudo" && b.Exe == "" {
		return below, nil // root need not ask to be root
	}
	name := b.user() + "@" + p.link.name()
	stream, answer, err := below.ask(ctx, "become "+name, wire.Request{Kind: wire.KindBecome, Become: &wire.Become{
		Method: b.method(), User: b.user(), Password: string(b.Password), Exe: b.Exe, Flags: b.Flags,
	}})
	if err != nil {
		return nil, err
	}
	if answer.Error != "" {
		_ = stream.Close()
		return nil, notBecome(b, answer)
	}
	end := func() {
		_ = stream.Close()
		_ = stream.SetReadDeadline(time.Now().Add(endGrace))
	}
	ch := &channel{Reader: stream, Writer: stream, end: end, stderr: below.channel.stderr}
	return p.start(name, answer.Hello, ch)
}

// notBecome says why the other user could not be had and what helps.
func notBecome(b Become, answer wire.Answer) error {
	u := &Unreachable{
		Kind:  KindBecome,
		Op:    fmt.Sprintf("become %s by %s", b.user(), b.method()),
		Cause: errors.New(strings.TrimSpace(answer.Error)),
		Next:  fmt.Sprintf("try `%s` on the host by hand", strings.Join([]string{b.method(), "-u", b.user(), "id"}, " ")),
	}
	if b.method() == "su" {
		u.Next = fmt.Sprintf("try `su %s -c id` on the host by hand", b.user())
	}
	if !answer.Password {
		return u
	}
	u.Kind = KindBecomePassword
	u.Next = "give another one with -K or ansible_become_password"
	if b.Password == "" {
		u.Next = "give it with -K or ansible_become_password"
	}
	return u
}
