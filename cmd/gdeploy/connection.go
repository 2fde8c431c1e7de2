package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/vault"
)

// connection gathers what settings and flags say about connections, and asks for the
// passwords that they want.
func (s *session) connection(ctx context.Context) (executor.ConnectionDefaults, error) {
	c := executor.ConnectionDefaults{
		Connection: s.settings.Connection, User: s.settings.RemoteUser, PrivateKeyFile: s.settings.PrivateKeyFile,
		Port: s.settings.RemotePort, Args: s.settings.SSHArgs, CommonArgs: s.settings.SSHCommonArgs, ExtraArgs: s.settings.SSHExtraArgs, Timeout: time.Duration(s.settings.Timeout) * time.Second,
		HostKeyChecking: s.settings.HostKeyChecking, KnownHosts: s.settings.KnownHosts, SSHConfig: s.settings.SSHConfig,
		HelperDirs: s.settings.HelperDirs, Become: s.settings.Become, BecomeMethod: s.settings.BecomeMethod, BecomeUser: s.settings.BecomeUser,
		BecomeExe: s.settings.BecomeExe, BecomeFlags: s.settings.BecomeFlags,
	}
	err := c.Check()
	if err != nil {
		return c, badOption(err)
	}
	if s.settings.PrivateKeyFile != "" {
		if _, err := os.Stat(s.settings.PrivateKeyFile); err != nil {
			return c, badOption(fmt.Errorf("--private-key: %w", err))
		}
	}
	if c.Password, err = s.password(ctx, s.settings.AskPass, s.settings.ConnectionPass, "SSH password: "); err != nil {
		return c, err
	}
	question := "BECOME password: "
	if c.Password != "" {
		question = "BECOME password[defaults to SSH password]: "
	}
	c.BecomePassword, err = s.password(ctx, s.settings.AskBecomePass, s.settings.BecomePassFile, question)
	if s.settings.AskBecomePass && c.BecomePassword == "" {
		c.BecomePassword = c.Password
	}
	for _, secret := range []string{c.Password, c.BecomePassword} {
		if secret != "" {
			s.secrets.Add(secret)
		}
	}
	return c, err
}

// password gives one that is asked for or lies in a file; empty where neither is wanted.
func (s *session) password(ctx context.Context, ask bool, file, question string) (string, error) {
	switch {
	case ask && file != "":
		return "", badOption(errors.New("a password is either asked for or read from a file"))
	case ask:
		return s.terminal.password(ctx, question)
	case file != "":
		text, err := vault.File(file)("")
		if err != nil {
			return "", badOption(fmt.Errorf("read a password: %w", err))
		}
		return text, nil
	}
	return "", nil
}

// newHostKey tells of a key that accept-new kept.
func (s *session) newHostKey(k transport.NewHostKey) {
	fmt.Fprintf(os.Stderr, "%s (%s): new host key %s %s, kept in %s\n", k.Host, k.Address, k.Type, k.Fingerprint, k.File)
}
