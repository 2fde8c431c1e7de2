package transport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"

	"github.com/melbahja/goph"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// keys reads private keys, each once for the run, and keeps one connection to each agent.
type keys struct {
	prompt    func(question string) (Secret, error)
	asking    sync.Mutex // one question at a time
	files     flights[[]ssh.Signer]
	agents    flights[*agentLink]
	encrypted sync.Map // by path: the question was answered with nothing
}

// agentLink is a connection to an ssh-agent.
type agentLink struct {
	conn   net.Conn
	client agent.ExtendedAgent
}

// auth gives the ways to log in to e, and notes about keys that could not be used.
func (k *keys) auth(ctx context.Context, e *endpoint) (goph.Auth, []string) {
	signers, notes := k.signers(ctx, e)
	var auth goph.Auth
	if len(signers) > 0 {
		auth = append(auth, ssh.PublicKeys(signers...))
	}
	if e.target.Password != "" {
		auth = append(auth, goph.KeyboardInteractive(string(e.target.Password))...)
	}
	return auth, notes
}

// signers gives the keys to offer: the wanted ones, then those of the agent, then those
// in the usual places.
func (k *keys) signers(ctx context.Context, e *endpoint) (signers []ssh.Signer, notes []string) {
	fromAgent, err := k.agentSigners(ctx, e.agent)
	if err != nil {
		notes = append(notes, fmt.Sprintf("the ssh agent: %v", err))
	}
	var usual []ssh.Signer
	for _, file := range e.keys {
		found, err := k.read(ctx, file, e.target.Passphrase, fromAgent)
		if err != nil && (file.wanted || !errors.Is(err, fs.ErrNotExist)) {
			notes = append(notes, err.Error())
		}
		if file.wanted {
			signers = append(signers, found...)
			continue
		}
		usual = append(usual, found...)
	}
	return distinct(append(append(signers, fromAgent...), usual...)), notes
}

// read gives the signers of a key file: with its certificate first, where it has one.
func (k *keys) read(ctx context.Context, file keyFile, passphrase Secret, fromAgent []ssh.Signer) ([]ssh.Signer, error) {
	return k.files.get(ctx, file.path+"\x00"+file.certificate+"\x00"+string(passphrase), func() ([]ssh.Signer, error) {
		signer, err := k.signer(file.path, passphrase, fromAgent)
		if err != nil {
			return nil, err
		}
		for _, path := range []string{file.certificate, file.path + "-cert.pub"} {
			if certified := certify(signer, path); certified != nil {
				return []ssh.Signer{certified, signer}, nil
			}
		}
		return []ssh.Signer{signer}, nil
	})
}

// signer reads a private key. For one with a passphrase the agent's copy serves too;
// else the operator is asked.
func (k *keys) signer(path string, passphrase Secret, fromAgent []ssh.Signer) (ssh.Signer, error) {
	signer, err := goph.GetSigner(path, "")
	var missing *ssh.PassphraseMissingError
	if !errors.As(err, &missing) {
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", path, err)
		}
		return signer, nil
	}
	if passphrase == "" {
		if same := held(missing.PublicKey, path, fromAgent); same != nil {
			return same, nil
		}
		if passphrase, err = k.ask(path); err != nil {
			return nil, err
		}
	}
	signer, err = goph.GetSigner(path, string(passphrase))
	if err != nil {
		return nil, fmt.Errorf("key %s: its passphrase does not fit: %w", path, err)
	}
	return signer, nil
}

// ask gets a passphrase from the operator, once for each key.
func (k *keys) ask(path string) (Secret, error) {
	k.asking.Lock()
	defer k.asking.Unlock()
	if _, given := k.encrypted.Load(path); k.prompt == nil || given {
		return "", fmt.Errorf("key %s: it has a passphrase; add it to an ssh agent", path)
	}
	passphrase, err := k.prompt(fmt.Sprintf("Enter passphrase for key '%s': ", path))
	if err != nil || passphrase == "" {
		k.encrypted.Store(path, true)
		return "", fmt.Errorf("key %s: it has a passphrase, which was not given", path)
	}
	return passphrase, nil
}

// held gives the agent's signer for the same key as in path.
func held(public ssh.PublicKey, path string, fromAgent []ssh.Signer) ssh.Signer {
	if public == nil {
		content, err := os.ReadFile(path + ".pub")
		if err != nil {
			return nil
		}
		if public, _, _, _, err = ssh.ParseAuthorizedKey(content); err != nil {
			return nil
		}
	}
	for _, signer := range fromAgent {
		if string(signer.PublicKey().Marshal()) == string(public.Marshal()) {
			return signer
		}
	}
	return nil
}

// certify joins a key with the certificate in path, nil where there is none for it.
func certify(signer ssh.Signer, path string) ssh.Signer {
	if path == "" {
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(content)
	if err != nil {
		return nil
	}
	certificate, ok := public.(*ssh.Certificate)
	if !ok {
		return nil
	}
	certified, err := ssh.NewCertSigner(certificate, signer)
	if err != nil {
		return nil // it belongs to another key
	}
	return certified
}

// agentSigners gives the keys of the agent behind socket.
func (k *keys) agentSigners(ctx context.Context, socket string) ([]ssh.Signer, error) {
	if socket == "" {
		return nil, nil
	}
	link, err := k.agents.get(ctx, socket, func() (*agentLink, error) {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			return nil, err
		}
		return &agentLink{conn: conn, client: agent.NewClient(conn)}, nil
	})
	if err != nil {
		return nil, err
	}
	return link.client.Signers()
}

// close ends the connections to agents.
func (k *keys) close() {
	for _, socket := range k.agents.keys() {
		if link, ok := k.agents.take(socket); ok {
			_ = link.conn.Close()
		}
	}
}

// distinct leaves out signers of a key that was there before: servers count attempts.
func distinct(signers []ssh.Signer) []ssh.Signer {
	seen := map[string]bool{}
	var kept []ssh.Signer
	for _, signer := range signers {
		blob := string(signer.PublicKey().Marshal())
		if !seen[blob] {
			seen[blob] = true
			kept = append(kept, signer)
		}
	}
	return kept
}
