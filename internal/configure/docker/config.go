package docker

import (
	"encoding/json"
	"strconv"
)

// helper is the value that makes docker run docker-credential-authlatch.
const helper = "authlatch"

// Keys of docker's config.json.
const (
	credHelpers = "credHelpers"
	credsStore  = "credsStore"
)

// dockerConfig is what of docker's config.json matters here.
type dockerConfig struct {
	Auths map[string]struct {
		Auth          string `json:"auth"`
		IdentityToken string `json:"identitytoken"`
	} `json:"auths"`
	CredHelpers map[string]string `json:"credHelpers"`
	CredsStore  string            `json:"credsStore"`
}

func decode(text []byte) (c dockerConfig, err error) {
	text, root, err := document(text)
	if err != nil {
		return c, err
	}
	if json.Unmarshal(text, &c) != nil {
		return c, errNotOurs
	}
	if i, ok := root.find(credHelpers); ok && c.CredHelpers != nil {
		_, err = parse(text, root.members[i].value)
	}
	return c, err
}

// setHelper makes helper the one for a registry.
func setHelper(text []byte, registry, helper string) ([]byte, error) {
	text, root, err := document(text)
	if err != nil {
		return nil, err
	}
	i, ok := root.find(credHelpers)
	if !ok || string(text[root.members[i].value:root.members[i].end]) == "null" {
		text = root.set(text, 1, credHelpers, "{}")
		root = mustParse(text)
		i, _ = root.find(credHelpers)
	}
	o, err := parse(text, root.members[i].value)
	if err != nil {
		return nil, err
	}
	return o.set(text, 2, registry, strconv.Quote(helper)), nil
}

// removeHelper removes what is said for a registry, and credHelpers with the last.
func removeHelper(text []byte, registry string, keepEmpty bool) ([]byte, error) {
	text, root, err := document(text)
	if err != nil {
		return nil, err
	}
	i, ok := root.find(credHelpers)
	if !ok {
		return text, nil
	}
	o, err := parse(text, root.members[i].value)
	if err != nil {
		return nil, err
	}
	if _, there := o.find(registry); there && len(o.members) == 1 && !keepEmpty {
		return root.remove(text, credHelpers), nil
	}
	return o.remove(text, registry), nil
}

// mustParse parses what this package has made of a document that it has parsed.
func mustParse(text []byte) object {
	o, err := parse(text, 0)
	if err != nil {
		panic(err)
	}
	return o
}

// undo takes authlatch out of now; before is how the file was (nil: there was none).
func undo(before, now []byte) ([]byte, error) {
	old, err := decode(before)
	if err != nil {
		return nil, err
	}
	current, err := decode(now)
	if err != nil {
		return nil, err
	}
	for registry, name := range current.CredHelpers {
		if name != helper || old.CredHelpers[registry] == helper {
			continue
		}
		if was, ok := old.CredHelpers[registry]; ok {
			now, err = setHelper(now, registry, was)
		} else {
			now, err = removeHelper(now, registry, old.CredHelpers != nil)
		}
		if err != nil {
			return nil, err
		}
	}
	if current.CredsStore == helper && old.CredsStore != helper {
		root := mustParse(now)
		if old.CredsStore == "" {
			now = root.remove(now, credsStore)
		} else {
			now = root.set(now, 1, credsStore, strconv.Quote(old.CredsStore))
		}
	}
	if before == nil && len(mustParse(now).members) == 0 {
		return nil, nil
	}
	return now, nil
}
