#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace segment_format {

/// A field of a structure that lies in a segment.
struct field {
  std::size_t offset;
  std::size_t bytes;
  const char* name;
  const char* writer;
  const char* meaning;
};

/// One field, with what the compiler knows of it.
#define FIELD(type, member, writer, meaning) \
  { offsetof(type, member), sizeof(type::member), #member, writer, meaning }

struct structure {
  const char* name;
  std::size_t bytes;
  const char* where;
  std::vector<field> fields;
};

/// Every structure of a queue's and of a pipe's segment, from the compiler's own offsets.
std::vector<structure> queue_structures();
std::vector<structure> pipe_structures();

/// As tables for docs/segment-format.md. What no field covers is shown as padding, so a field that
/// is not listed changes a table.
std::string tables(const std::vector<structure>& all);

}  // namespace segment_format
