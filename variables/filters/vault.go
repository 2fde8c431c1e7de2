package filters

import (
	"fmt"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
	"github.com/gdeploy/gdeploy/vault"
)

// filterVaultID is the vault id of what a template encrypts, unless it names another.
const filterVaultID = "filter_default"

// vaulted is an encrypted text that to_yaml writes with !vault.
type vaulted struct{ text string }

// TypeName is Ansible's.
func (v vaulted) TypeName() string { return "AnsibleVaultEncryptedUnicode" }

// Str is the text itself.
func (v vaulted) Str() string { return v.text }

// Repr is how it stands in a list.
func (v vaulted) Repr() string { return values.Repr(values.String(v.text)) }

// Plain is what encoders get.
func (v vaulted) Plain() values.Value { return values.FromObject(&yaml.Encrypted{Text: v.text}) }

// vaultText encrypts a text with a password.
func vaultText(c *jinja.Call) (values.Value, error) {
	p := c.Params("secret", "salt", "vaultid", "wrap_object", "vault_id")
	secret := p.Need("secret")
	salt := p.Text("salt", "")
	id := p.Text("vaultid", p.Text("vault_id", filterVaultID))
	wrap := p.Bool("wrap_object", false)
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	plain, ok := c.Value.AsString()
	if !ok {
		return values.Null, jinja.TypeError("Can only vault strings, instead we got: " + jinja.TypeName(c.Value))
	}
	password, ok := secret.AsString()
	if !ok {
		return values.Null, jinja.TypeError("Secret passed is required to be a string, instead we got: " + jinja.TypeName(secret))
	}
	text, err := seal(plain, password, id, salt)
	if err != nil {
		return values.Null, fmt.Errorf("Unable to encrypt: %w", err) //lint:ignore ST1005 as Ansible says it
	}
	if wrap {
		return c.Pick(values.FromObject(vaulted{text}))
	}
	return c.Pick(values.String(text)) // what is encrypted is no secret any more
}

func seal(plain, password, id, salt string) (string, error) {
	if salt == "" {
		text, err := vault.Seal([]byte(plain), password, id)
		return string(text), err
	}
	text, err := vault.SealWithSalt([]byte(plain), password, id, []byte(salt))
	return string(text), err
}

// unvaultText decrypts a text; one that is not encrypted stays as it is.
func unvaultText(c *jinja.Call) (values.Value, error) {
	p := c.Params("secret", "vaultid", "vault_id")
	secret := p.Need("secret")
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	text, ok := c.Value.AsString()
	if o, _ := c.Value.AsObject(); o != nil {
		if v, isVaulted := o.(vaulted); isVaulted {
			text, ok = v.text, true
		}
	}
	if !ok {
		return values.Null, jinja.TypeError("Vault should be in the form of a string, instead we got: " + jinja.TypeName(c.Value))
	}
	password, ok := secret.AsString()
	if !ok {
		return values.Null, jinja.TypeError("Secret passed is required to be as string, instead we got: " + jinja.TypeName(secret))
	}
	if !vault.IsEncrypted([]byte(text)) {
		return values.String(text), nil
	}
	plain, err := vault.Unseal([]byte(text), password)
	if err != nil {
		return values.Null, fmt.Errorf("Unable to decrypt: %w", err) //lint:ignore ST1005 as Ansible says it
	}
	return values.String(string(plain)).MarkSecret(), nil
}
