#pragma once

#include <bulkhead/detail/reported.hpp>
#include <bulkhead/queue.hpp>
#include <bulkhead/runtime.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <typeinfo>
#include <utility>
#include <vector>

namespace bulkhead {

/// Who may attach to what is published.
struct publish_options {
  /// User ids, 1024 at most. None: the publisher's own user and root. Otherwise those that are
  /// listed, and nobody else.
  std::vector<std::uint32_t> allow{};
  /// Permission bits of the socket, which it has from the first moment on; the umask takes nothing
  /// off. Who may attach must be able to write to it, and to search its directory.
  std::uint32_t mode = 0600;
};

namespace detail {

class publication_state;

std::shared_ptr<publication_state> publish(runtime& rt, const std::filesystem::path& path,
                                           const queue_core& queue, const char* type,
                                           const publish_options& options);
queue_core attach(runtime& rt, const std::filesystem::path& path, std::uint64_t fingerprint,
                  const char* type);

template <class T>
struct published_type {
  static constexpr bool is_queue = false;
};
template <class T>
struct published_type<queue<T>> {
  static constexpr bool is_queue = true;
  using message = T;
};

}  // namespace detail

/// A queue being open to other programs, as long as this object lives. Move-only.
/// @threads any, one at a time. @owns a handle to the queue.
/// @crash when the process that published it ends, or its whole tree, the name goes. Should host
/// and keeper be killed at one instant, the name stays, refuses everybody, and the next `publish`
/// takes it over.
class publication {
 public:
  publication() = default;
  explicit publication(std::shared_ptr<detail::publication_state> state) noexcept
      : state_(std::move(state)) {}
  publication(publication&&) noexcept = default;
  publication& operator=(publication&& other) noexcept {
    if (this != &other) {
      stop();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~publication() { stop(); }

  /// Takes the name away. Programs that are attached stay so. Repeatable.
  void stop() noexcept;
  /// The path, absolute; empty when it was stopped.
  [[nodiscard]] const std::string& path() const noexcept;
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

 private:
  std::shared_ptr<detail::publication_state> state_;
};

/// Opens a queue to programs that are none of this tree, by a unix socket at `path`; they `attach`.
/// This program's keeper admits them, by what the kernel says of them, and recovers what they hold
/// when they end.
/// @limits the last part of the path has up to 80 bytes; `q` was made in this tree. 4096 at a time.
/// @errors other_owner: a living program publishes there; the text says which. timed_out: somebody
/// keeps the directory locked (flock) for 5 s. file_exists: there is something that is no socket.
/// unsupported: `q` was attached to, or is empty. What the system says of the directory.
/// @threads any; blocks until it is published.
/// @crash a socket that a dead program left there is replaced.
template <class T>
[[nodiscard]] publication publish(runtime& rt, const std::filesystem::path& path, const queue<T>& q,
                                  const publish_options& options = {}) {
  return publication(detail::publish(rt, path, q.core(), typeid(T).name(), options));
}
template <class T>
[[nodiscard]] publication publish(runtime& rt, const std::filesystem::path& path, const queue<T>& q,
                                  const publish_options& options, std::error_code& ec) {
  return detail::reported(ec, [&] { return publish(rt, path, q, options); });
}
template <class T>
[[nodiscard]] publication publish(runtime& rt, const std::filesystem::path& path, const queue<T>& q,
                                  std::error_code& ec) {
  return publish(rt, path, q, publish_options{}, ec);
}
template <class Other, class... Rest>
requires(!detail::published_type<Other>::is_queue) publication
    publish(runtime&, const std::filesystem::path&, const Other&, Rest&&...) {
  static_assert(detail::published_type<Other>::is_queue,
                "bulkhead: only a queue can be published; a pipe has two ends and no third: "
                "publish a queue of its ends");
  return {};
}

/// A handle to a queue that another program has published: `attach<queue<job>>(rt, path)`. This
/// process takes part in it like a child of the publisher. Attaching to several queues of one
/// program makes this process one participant there, so one `forward` can reach them all.
///
/// The messages that it holds come back when it ends; how it ended is not known, so that counts as
/// a delivery and as no attempt. Queues and pipe ends in messages work, those of the publisher's
/// tree; neither can be passed to processes of one's own.
/// @errors owner_gone: the publisher has ended; attach again when it is back. not_permitted: this
/// user may not. type_mismatch: the queue has other messages. unsupported: the two libraries
/// differ, or it is no published queue. timed_out: the publisher admits nobody for 10 s. What the
/// system says of the path. From the queue's calls, also those that wait: owner_gone.
/// @threads any; blocks until the publisher's keeper has answered.
template <class Endpoint>
[[nodiscard]] Endpoint attach(runtime& rt, const std::filesystem::path& path) {
  using kind = detail::published_type<Endpoint>;
  static_assert(kind::is_queue,
                "bulkhead: attach to a queue: attach<bulkhead::queue<T>>(rt, path)");
  if constexpr (kind::is_queue) {
    using message = typename kind::message;
    static_assert(detail::require_message<message>());
    return Endpoint(
        detail::attach(rt, path, detail::fingerprint_of<message>(), typeid(message).name()));
  }
}
template <class Endpoint>
[[nodiscard]] Endpoint attach(runtime& rt, const std::filesystem::path& path, std::error_code& ec) {
  return detail::reported(ec, [&] { return attach<Endpoint>(rt, path); });
}

}  // namespace bulkhead
