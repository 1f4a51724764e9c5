#pragma once

#include <bulkhead/errc.hpp>
#include <string>

#include "process_context.hpp"

namespace bulkhead::detail {

/// What the text of an exception says of a handle that does not work, which its code alone does
/// not.
inline constexpr const char* names_no_queue = "a queue: this handle names no queue";
inline constexpr const char* names_no_pipe = "a pipe: this end names no pipe";
inline constexpr const char* in_forked_copy =
    ": this is a forked copy of a process: its handles do not work here";

/// The same for a handle of that membership; empty where it is not the reason for `code`.
inline std::string why_it_fails(const process_context& context, const std::error_code& code) {
  const bool is_copy = code == errc::not_initialised && !context.in_original_process();
  return is_copy ? in_forked_copy : "";
}

}  // namespace bulkhead::detail
