#pragma once

#include <bulkhead/command.hpp>
#include <bulkhead/detail/entry.hpp>
#include <bulkhead/process.hpp>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace bulkhead {

namespace detail {
class supervisor_state;
process start_dynamic(const std::shared_ptr<supervisor_state>& where, start_recipe recipe);
}  // namespace detail

/// The one specification of a `strategy::dynamic` supervisor's children, of which any number is
/// started: `supervisor::specify` gives it. A copy is a handle to the same.
///
/// Each child has an id, `process::child_id()`, which its supervisor never uses again, and a name:
/// the specification's, a hyphen and the id. One that ends and is not started again, and one that
/// is terminated, is forgotten.
/// @threads any. @owns the common arguments; of the others the supervisor keeps those of children
/// that may have to be started again: of temporary ones nothing once they are up.
template <class F, class... Common>
class dynamic_children {
 public:
  /// Starts one more child, which runs fn(common..., args...), and waits until it is up.
  /// @returns a handle that watches and does not own, valid over restarts.
  /// @errors bulkhead::error start_failed with its exit status: nothing of it is kept;
  /// not_permitted: the supervisor has ended.
  template <class... Args>
  process start(Args&&... args) const {
    return std::apply(
        [&](const Common&... common) {
          return detail::start_dynamic(
              where_, detail::make_recipe(fn_, common..., std::forward<Args>(args)...));
        },
        common_);
  }

  dynamic_children(std::shared_ptr<detail::supervisor_state> where, F fn,
                   std::tuple<Common...> common)
      : where_(std::move(where)), fn_(std::move(fn)), common_(std::move(common)) {}

 private:
  std::shared_ptr<detail::supervisor_state> where_;
  F fn_;
  std::tuple<Common...> common_;
};

/// The same for children that are another executable.
template <>
class dynamic_children<command> {
 public:
  /// Starts one more child, with these arguments after the command's own.
  [[nodiscard]] process start(const std::vector<std::string>& arguments = {}) const {
    command one = what_;
    for (const std::string& each : arguments) one.append(each);
    return detail::start_dynamic(where_, one.recipe());
  }

  dynamic_children(std::shared_ptr<detail::supervisor_state> where, command what)
      : where_(std::move(where)), what_(std::move(what)) {}

 private:
  std::shared_ptr<detail::supervisor_state> where_;
  command what_;
};

}  // namespace bulkhead
