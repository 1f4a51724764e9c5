#pragma once

#include <bulkhead/errc.hpp>
#include <string>
#include <utility>

#include "os/keeper/request.hpp"
#include "process_context.hpp"
#include "stop_error.hpp"

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

/// Runs what asks the keeper for something of a mailbox, which the keeper's own words do not name:
/// what it throws says `doing` first.
template <class Ask>
auto saying(const std::string& doing, Ask ask) -> decltype(ask()) {
  try {
    return ask();
  } catch (const std::system_error& failure) {
    throw_error(failure.code(), doing + ": " + os::sentence_of(failure));
  }
}

}  // namespace bulkhead::detail
