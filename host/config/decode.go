package config

import (
	"slices"
	"strconv"
)

// table gives v as a table; nil if it is not set or none.
func (d *decoder) table(path string, v any) map[string]any {
	if v == nil {
		return nil
	}
	t, ok := v.(map[string]any)
	if !ok {
		d.fail(path, "must be a table", "")
	}
	return t
}

// only refuses keys that are not known.
func (d *decoder) only(path string, t map[string]any, known ...string) {
	for key := range t {
		if !slices.Contains(known, key) {
			d.fail(join(path, key), "there is no such setting", suggestion(key, known))
		}
	}
}

// text gives v as a string; "" if it is not set. What is set is not empty.
func (d *decoder) text(path string, v any) string {
	if v == nil {
		return ""
	}
	s, ok := v.(string)
	switch {
	case !ok:
		d.fail(path, "must be a string", "")
	case s == "":
		d.fail(path, "must not be empty", "remove the line to leave it unset")
	}
	return s
}

func (d *decoder) checked(path string, v any, check func(string) string) string {
	s := d.text(path, v)
	if s == "" {
		return ""
	}
	if problem := check(s); problem != "" {
		d.fail(path, problem, "")
	}
	return s
}

func (d *decoder) list(path string, v any, check func(string) string) []string {
	if v == nil {
		return nil
	}
	values, ok := v.([]any)
	if !ok {
		d.fail(path, "must be a list of strings", `for example ["a", "b"]`)
		return nil
	}
	list := make([]string, 0, len(values))
	for _, v := range values {
		s, ok := v.(string)
		if !ok {
			d.fail(path, "must be a list of strings", `for example ["a", "b"]`)
			return nil
		}
		switch problem := check(s); {
		case problem != "":
			d.fail(path, problem, "")
		case slices.Contains(list, s):
			d.fail(path, strconv.Quote(s)+" is there twice", "")
		}
		list = append(list, s)
	}
	return list
}

func (d *decoder) options(path string, v any) map[string]Option {
	t := d.table(path, v)
	if t == nil {
		return nil
	}
	options := make(map[string]Option, len(t))
	for key, v := range t {
		at := join(path, key)
		if problem := checkOptionName(key); problem != "" {
			d.fail(at, problem, "")
		}
		switch v := v.(type) {
		case string:
			options[key] = Option{Value: v, Written: String}
		case bool:
			options[key] = Option{Value: strconv.FormatBool(v), Written: Bool}
		case int64:
			options[key] = Option{Value: strconv.FormatInt(v, 10), Written: Integer}
		case map[string]any:
			options[key] = d.reference(at, v)
		default:
			d.fail(at, "must be a string, true or false, a whole number or a reference", "")
		}
	}
	return options
}

func (d *decoder) reference(path string, t map[string]any) Option {
	d.only(path, t, referenceKeys...)
	o := Option{Env: d.checked(path+".env", t["env"], checkVariable), File: d.path(path+".file", t["file"]), Written: Reference}
	if len(t) != 1 {
		d.fail(path, "a reference has exactly one of env and file", `for example { env = "NAME" }`)
	}
	return o
}
