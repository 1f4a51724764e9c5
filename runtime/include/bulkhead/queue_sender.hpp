#pragma once

#include <bulkhead/queue.hpp>

namespace bulkhead {

/// A handle to a queue that only sends: `q.sender()`. It travels as an argument of a spawn and in
/// messages, like a queue, and so that the keeper knows who has one: with
/// `queue_options::close_after_senders` the queue closes when at least one was given to a child and
/// all those children have ended for good.
///
/// A supervised child that its supervisor may start again at once has not ended; one that rests or
/// was given up has. One that came in a message counts from the moment the message is decoded. The
/// host's own, and those that a process makes for itself, do not count.
/// @errors @threads @crash queue's.
template <class T>
class queue_sender : public detail::send_batch_calls<queue_sender<T>, T> {
 public:
  using value_type = T;

  /// A handle to nothing. Every call on it throws.
  queue_sender() = default;
  explicit queue_sender(queue<T> q) noexcept : queue_(std::move(q)) {}

  void send(const T& value) const { queue_.send(value); }
  void send(const T& value, std::error_code& ec) const { queue_.send(value, ec); }
  bool try_send(const T& value) const { return queue_.try_send(value); }
  bool try_send(const T& value, std::error_code& ec) const { return queue_.try_send(value, ec); }
  template <class Rep, class Period>
  bool send_for(const T& value, std::chrono::duration<Rep, Period> time) const {
    return queue_.send_for(value, time);
  }
  template <class Rep, class Period>
  bool send_for(const T& value, std::chrono::duration<Rep, Period> time,
                std::error_code& ec) const {
    return queue_.send_for(value, time, ec);
  }
  [[nodiscard]] queue_loan<T> loan(std::size_t n = 1) const { return queue_.loan(n); }
  [[nodiscard]] queue_loan<T> loan(std::size_t n, std::error_code& ec) const {
    return queue_.loan(n, ec);
  }
  [[nodiscard]] queue_loan<T> try_loan(std::size_t n = 1) const { return queue_.try_loan(n); }
  [[nodiscard]] queue_loan<T> try_loan(std::size_t n, std::error_code& ec) const {
    return queue_.try_loan(n, ec);
  }
  template <class Rep, class Period>
  [[nodiscard]] queue_loan<T> loan_for(std::size_t n,
                                       std::chrono::duration<Rep, Period> time) const {
    return queue_.loan_for(n, time);
  }
  template <class Rep, class Period>
  [[nodiscard]] queue_loan<T> loan_for(std::size_t n, std::chrono::duration<Rep, Period> time,
                                       std::error_code& ec) const {
    return queue_.loan_for(n, time, ec);
  }
  template <std::same_as<queue_loan<T>> Loan>
  void send(Loan&& filled) const {
    queue_.send(std::move(filled));
  }
  template <std::same_as<queue_loan<T>> Loan>
  void send(Loan&& filled, std::error_code& ec) const {
    queue_.send(std::move(filled), ec);
  }
  template <std::same_as<queue_loan<T>> Loan>
  bool try_send(Loan&& filled) const {
    return queue_.try_send(std::move(filled));
  }
  template <std::same_as<queue_loan<T>> Loan>
  bool try_send(Loan&& filled, std::error_code& ec) const {
    return queue_.try_send(std::move(filled), ec);
  }
  template <std::same_as<queue_loan<T>> Loan, class Rep, class Period>
  bool send_for(Loan&& filled, std::chrono::duration<Rep, Period> time) const {
    return queue_.send_for(std::move(filled), time);
  }
  template <std::same_as<queue_loan<T>> Loan, class Rep, class Period>
  bool send_for(Loan&& filled, std::chrono::duration<Rep, Period> time, std::error_code& ec) const {
    return queue_.send_for(std::move(filled), time, ec);
  }
  /// The queue's: void(error_code).
  template <class Token>
  decltype(auto) async_send(T value, Token&& token) const {
    return queue_.async_send(std::move(value), std::forward<Token>(token));
  }
  /// The queue's: void(error_code, std::size_t).
  template <class Token>
  decltype(auto) async_send_batch(std::vector<T> values, Token&& token) const {
    return queue_.async_send_batch(std::move(values), std::forward<Token>(token));
  }
  /// The queue's: void(error_code, queue_loan<T>).
  template <class Token>
  decltype(auto) async_loan(std::size_t n, Token&& token) const {
    return queue_.async_loan(n, std::forward<Token>(token));
  }
  template <class Token>
  decltype(auto) async_loan(Token&& token) const {
    return queue_.async_loan(std::forward<Token>(token));
  }
  /// The queue's: void(error_code).
  template <std::same_as<queue_loan<T>> Loan, class Token>
  decltype(auto) async_send(Loan&& filled, Token&& token) const {
    return queue_.async_send(std::move(filled), std::forward<Token>(token));
  }
  [[nodiscard]] std::uint64_t sent() const { return queue_.sent(); }
  [[nodiscard]] std::uint64_t sent(std::error_code& ec) const { return queue_.sent(ec); }
  [[nodiscard]] std::size_t capacity() const { return queue_.capacity(); }
  [[nodiscard]] bool closed() const { return queue_.closed(); }
  [[nodiscard]] const std::string& name() const { return queue_.name(); }

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(queue_); }
  friend bool operator==(const queue_sender&, const queue_sender&) = default;

  [[nodiscard]] const detail::queue_core& core() const noexcept { return queue_.core(); }

 private:
  queue<T> queue_;
};

/// It travels as its queue's name, marked.
template <class T>
struct detail::endpoint_codec<queue_sender<T>> {
  static void write(encoder& to, const queue_sender<T>& s) {
    to.put_endpoint(s ? s.core().id() | sender_mark : no_endpoint);
  }
  static queue_sender<T> read(decoder& from) {
    std::uint64_t id = 0;
    if (!from.get_endpoint(id)) {
      from.fail();
      return {};
    }
    if (id == no_endpoint) return {};
    queue<T> q(queue_core::find(from.endpoints(), id & ~sender_mark, fingerprint_of<T>()));
    if (!q) from.fail();
    return queue_sender<T>(std::move(q));
  }
  using parts = type_list<T>;
  static constexpr bool in_messages = true;
  static constexpr std::uint64_t fingerprint() { return hash_of("queue_sender"); }
};

}  // namespace bulkhead
