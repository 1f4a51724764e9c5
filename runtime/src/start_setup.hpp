#pragma once

#include <bulkhead/detail/entry.hpp>
#include <bulkhead/spawn_options.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "line_reader.hpp"
#include "os/control.hpp"

namespace bulkhead::detail {

/// A start as the keeper is asked for it, and what this process does for it itself.
struct start_setup {
  std::optional<os::control::process_setup> wire;
  std::vector<os::unique_fd> descriptors;  ///< Go with it.
  std::vector<std::shared_ptr<line_reader>> readers;
};

/// @errors std::invalid_argument that names the field.
void check_options(const spawn_options& options);

/// True where more happens between fork and entry than can be promised to succeed.
[[nodiscard]] bool may_fail_before_entry(const spawn_options& options, const start_recipe& recipe);

/// Opens the files that the options name.
/// @errors as check_options; bulkhead::error start_failed: a file or directory cannot be opened.
[[nodiscard]] start_setup make_setup(const spawn_options& options, const start_recipe& recipe,
                                     const std::string& name, bool announce,
                                     boost::asio::io_context& loop,
                                     const boost::asio::any_io_executor& user);

}  // namespace bulkhead::detail
