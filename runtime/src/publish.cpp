#include <bulkhead/publish.hpp>

#include <boost/core/demangle.hpp>
#include <chrono>

#include "os/published_name.hpp"
#include "process_context.hpp"
#include "queue_state.hpp"
#include "runtime_state.hpp"

namespace bulkhead {
namespace detail {

namespace control = os::control;

namespace {

constexpr auto lock_patience = std::chrono::seconds(5);

}  // namespace

/// A publication as its process has it.
class publication_state {
 public:
  publication_state(queue_core queue, std::string path, std::uint32_t number)
      : queue_(std::move(queue)), path_(std::move(path)), number_(number) {}
  publication_state(const publication_state&) = delete;
  publication_state& operator=(const publication_state&) = delete;
  ~publication_state() {
    process_context& context = queue_.state()->context();
    if (!context.usable()) return;
    try {
      context.keeper().ask<control::done>(control::kind::unpublish, control::published{number_});
    } catch (const std::exception&) {
      // The keeper is gone, and the name with it.
    }
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  queue_core queue_;
  std::string path_;
  std::uint32_t number_;
};

std::shared_ptr<publication_state> publish(runtime& rt, const std::filesystem::path& path,
                                           const queue_core& queue, const char* type,
                                           const publish_options& options) {
  process_context& me = rt.state()->context();
  if (!queue || &queue.state()->context() != &me) {
    throw error(errc::unsupported,
                "publishing '" + path.string() + "': the queue is none of this runtime's own tree");
  }
  if ((options.mode & ~0777u) != 0) {
    throw std::invalid_argument("publish: mode has more than permission bits");
  }
  if (options.allow.size() > control::allowed_max) {
    throw std::invalid_argument("publish: allow names " + std::to_string(options.allow.size()) +
                                " users; 1024 is the most");
  }
  const auto until = std::chrono::steady_clock::now() + lock_patience;
  const os::published_name name = os::published_name::lock(path, until);
  const control::publish wanted{queue.id(),   name.path,     name.name,
                                options.mode, options.allow, boost::core::demangle(type)};
  const int descriptors[] = {name.directory.get()};
  const auto reply =
      me.keeper().ask<control::published>(control::kind::publish, wanted, nullptr, descriptors);
  return std::make_shared<publication_state>(queue, name.path, reply.publication);
}

queue_core attach(runtime& rt, const std::filesystem::path& path, std::uint64_t fingerprint,
                  const char* type) {
  rt.state()->ensure_running();
  return queue_core(rt.state()->attachments().attach(rt.state()->context(), path, fingerprint,
                                                     boost::core::demangle(type)));
}

}  // namespace detail

void publication::stop() noexcept { state_.reset(); }

const std::string& publication::path() const noexcept {
  static const std::string none;
  return state_ ? state_->path() : none;
}

}  // namespace bulkhead
