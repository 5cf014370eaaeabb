CREATE EXTERNAL TABLE windows STORED AS PARQUET LOCATION 'windows.parquet';
COPY windows TO 'models/cut' STORED AS LSTM
  OPTIONS ('units' '6,4', 'dense' '4', 'epochs' '40', 'seed' '3', 'batch_size' '4', 'early_stopping_patience' '0', 'resume' 'true', 'checkpoint_seconds' '0');
