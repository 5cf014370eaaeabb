//! Options of `COPY ... STORED AS LSTM`.
