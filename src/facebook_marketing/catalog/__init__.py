"""What can be read, as data and pure functions.

`stream` holds the values, `streams` the entities, `reports` the insight presets and the user's own reports,
`rules` what combines and how far back it reaches, `schema` turns a stream into a JSON schema, a projection and
the fields to ask for, `fields` looks up Meta's own tables. Nothing is loaded before it is asked for.
"""
