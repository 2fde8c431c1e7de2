package vault

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestAnsible reads what ansible-vault wrote.
func TestAnsible(t *testing.T) {
	k := &Keyring{}
	k.Add("", File("testdata/password"))
	k.Add(Parse("prod@testdata/other", nil, Prompt))
	for file, want := range map[string]string{"v11.yml": string(read(t, "plain.yml")), "v12.yml": string(read(t, "plain.yml")), "block.txt": "0123456789abcdef"} {
		got, err := k.Decrypt(read(t, file))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", file, got, err)
		}
	}
	if id, err := ID(read(t, "v12.yml")); id != "prod" || err != nil {
		t.Error(id, err)
	}
}

// TestSame: with the same salt the text is byte for byte the one of ansible-vault.
func TestSame(t *testing.T) {
	for file, c := range map[string]struct{ plain, password, id string }{
		"v11.yml":   {string(read(t, "plain.yml")), "hunter2", ""},
		"v12.yml":   {string(read(t, "plain.yml")), "geheim", "prod"},
		"block.txt": {"0123456789abcdef", "hunter2", DefaultID},
	} {
		text := read(t, file)
		body, _, err := split(text)
		if err != nil {
			t.Fatal(err)
		}
		salt, _ := unhex(bytes.SplitN(body, []byte("\n"), 2)[0])
		got, err := seal([]byte(c.plain), c.password, c.id, salt)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: got\n%s%v", file, got, err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for size := 0; size < 50; size += 7 {
		plain := bytes.Repeat([]byte{byte(size), 0xff}, size)
		text, err := Seal(plain, "p\xc3\xa4ss", "x")
		if err != nil {
			t.Fatal(err)
		}
		got, err := Unseal(text, "p\xc3\xa4ss")
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %q, %v, want %q", got, err, plain)
		}
	}
}

func TestRefusals(t *testing.T) {
	good := string(read(t, "v11.yml"))
	k := &Keyring{}
	if _, err := k.Decrypt([]byte(good)); !errors.Is(err, ErrNoPassword) {
		t.Error(err)
	}
	k.Add("", Text("wrong"))
	k.Add("dev", Text("wrong too"))
	if _, err := k.Decrypt([]byte(good)); !errors.Is(err, ErrPassword) || !strings.Contains(err.Error(), "tried default, dev") {
		t.Error(err)
	}
	for text, want := range map[string]string{
		"a: 1\n":                                         "not in the vault format",
		"$ANSIBLE_VAULT;1.0;AES\n00":                     `the cipher "AES" is not supported`,
		"$ANSIBLE_VAULT;1.3;AES256\n00":                  `version "1.3"`,
		"$ANSIBLE_VAULT;1.1;AES256\nzz":                  "hexadecimal",
		"$ANSIBLE_VAULT;1.1;AES256\n00":                  "not in the vault format",
		"$ANSIBLE_VAULT;1.1;AES256":                      "not in the vault format",
		good[:len(good)-20] + "00" + good[len(good)-18:]: "",
	} {
		if _, err := k.Decrypt([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %q", text, err, want)
		}
	}
}

func TestKeyring(t *testing.T) {
	asked := 0
	k := &Keyring{}
	k.Add(Parse("prod@prompt", func(q string) (string, error) {
		asked++
		if q != "Vault password (prod): " {
			t.Error(q)
		}
		return "geheim", nil
	}, Prompt))
	k.Add("dev", Text("x"))
	for range 2 {
		if _, err := k.Decrypt(read(t, "v12.yml")); err != nil {
			t.Error(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	if _, err := k.Key(""); !errors.Is(err, ErrWhichID) || !strings.Contains(err.Error(), "The vault-ids prod,dev are available to encrypt") {
		t.Error(err)
	}
	if _, err := k.Key("nope"); err == nil || !strings.Contains(err.Error(), "Did not find a match") {
		t.Error(err)
	}
	key, err := k.Key("dev")
	if err != nil {
		t.Fatal(err)
	}
	text, err := key.Seal([]byte("x"))
	if err != nil || !strings.HasPrefix(string(text), "$ANSIBLE_VAULT;1.2;AES256;dev\n") {
		t.Error(string(text), err)
	}
	k.OnlyMatching = true
	k2 := &Keyring{OnlyMatching: true}
	k2.Add("other", Text("geheim"))
	if _, err := k2.Decrypt(read(t, "v12.yml")); err == nil {
		t.Error("a password of another id was used")
	}
}

func TestScript(t *testing.T) {
	script := filepath.Join(t.TempDir(), "my-client.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n[ \"$1 $2\" = '--vault-id prod' ] && echo geheim\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	k := &Keyring{}
	k.Add(Parse("prod@"+script, nil, Prompt))
	if _, err := k.Decrypt(read(t, "v12.yml")); err != nil {
		t.Error(err)
	}
	if _, err := File("testdata/nope")(""); err == nil || !strings.Contains(err.Error(), "was not found") {
		t.Error(err)
	}
}

// FuzzUnseal: no text makes it fail loudly.
func FuzzUnseal(f *testing.F) {
	f.Add([]byte("$ANSIBLE_VAULT;1.1;AES256\n30300a30300a3030"))
	f.Add([]byte("$ANSIBLE_VAULT;1.2;AES256;x\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if plain, err := Unseal(text, "x"); err == nil && len(plain) > len(text) {
			t.Error("more came out than went in")
		}
	})
}
