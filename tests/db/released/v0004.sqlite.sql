BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE asset_changes (
	revision_id INTEGER NOT NULL, 
	asset_id CHAR(32) NOT NULL, 
	before_exists BOOLEAN NOT NULL, 
	before_file_path TEXT, 
	before_content_hash VARCHAR(64), 
	before_label_id INTEGER, 
	before_split_type VARCHAR(10), 
	before_review_state VARCHAR(16), 
	before_parent_asset_id CHAR(32), 
	after_exists BOOLEAN NOT NULL, 
	after_file_path TEXT, 
	after_content_hash VARCHAR(64), 
	after_label_id INTEGER, 
	after_split_type VARCHAR(10), 
	after_review_state VARCHAR(16), 
	after_parent_asset_id CHAR(32), 
	CONSTRAINT pk_asset_changes PRIMARY KEY (revision_id, asset_id), 
	CONSTRAINT fk_asset_changes_asset_id FOREIGN KEY(asset_id) REFERENCES vision_assets (asset_id), 
	CONSTRAINT fk_asset_changes_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (revision_id)
);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4ca48538698',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/test/circle/circle_0028.png','4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877',1,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4cbd6e4721b',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/test/circle/circle_0029.png','bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799',1,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4cc81e8f61d',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/test/circle/circle_0030.png','12cc3ecc7ce1ba7a5bc3f1b9a64aa89c6ad71df6bbf9dd6fb290cffb66e715b3',1,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4cd5967a419',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/test/square/square_0031.png','c3a6c10bd970f69a73d1d2ba523ee01fbdaf1598431eaed80b20d2d11e44a116',2,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4ce41551d6a',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/test/square/square_0032.png','25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880',2,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4cfd332bf5d',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/test/square/square_0033.png','57a62ac0f2843ffd49ce0791e88fa5b8753b9c225d34411dcb63c203f72e0193',2,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4d04aee022b',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/test/stripe/stripe_0034.png','70f82173d5289c86eb51f8809b34930c83258d225bd11462873b20c4cbc7d69f',3,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4d106e47b0c',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/test/stripe/stripe_0035.png','c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25',3,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4d2d99eeea6',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/test/stripe/stripe_0036.png','4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868',3,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4d34ebdedf6',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/circle/circle_0001.png','dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a',1,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4d46bee1719',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/circle/circle_0002.png','f85c00cebc77ef5621218c691fed3c1f9c49eba22abf6cbb005fc6e7694405d1',1,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4d56cfc12bc',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/circle/circle_0003.png','353c555117f0fbb970d3f2194af5f75333cefdda6c0673403c3a67a4a2e6fd67',1,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4d67ce9e5d2',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/circle/circle_0004.png','f4b6f4bebdee5109a3a702b97e29ed1a6e75bd710a624511b7f2127bf5c0fb76',1,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4d78209efa4',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/circle/circle_0005.png','133b5938a35a0077f2504c920f291770d0a7a47141d3ca6dc094d0229a4eff2a',1,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4d8f71d6b52',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/circle/circle_0006.png','3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373',1,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4d9ee31cd3a',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/square/square_0007.png','8b35e7b12812c9b8979ea8157e6646caa56113b0ef23844d8625d240ba734af5',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4dad68ff3bd',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/square/square_0008.png','bcc66d78a6c04222408c4a2e365ebba1936ebffc2e032d5ce5a518d0d1346cf1',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4db80c6c4da',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/square/square_0009.png','3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4dce4a59186',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/square/square_0010.png','f61ff153d3aa5051d34be3e52e44b826c6e771c2ebfbe165c5b8989997eb0ca2',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4dd7897b143',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/square/square_0011.png','4dd7041fa99d8ad58c10f368bd404722de1ff6e8edecb79bd3260652c26dc077',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4dedddf7141',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/square/square_0012.png','65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4dfc1de80aa',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/stripe/stripe_0013.png','bce1e97b8c424b3b6e12d93482857bea4fb26d90a6e33c0183c4aa2cc3e38ca2',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4e0f1360f34',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/stripe/stripe_0014.png','da91bcb37f23446bace9dcc2d1909abefdcff91660394d0c3849c88c32c4db21',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4e1186f669e',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/stripe/stripe_0015.png','faae214cf76e3584a24edc5a08e92a73a0c70a3a54031dcce6faf5c93797d159',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4e20a9d8387',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/stripe/stripe_0016.png','e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4e319e1f072',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/stripe/stripe_0017.png','e41cd4543660c1cd77b061ee2d7af9a383253f56549cf9e0723fdb8d5d16aaa3',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4e4d7bf1c72',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/train/stripe/stripe_0018.png','a58cf1f527fb911bf312231b8ac753391662d2dadf3f243ecfe797a73606c6c3',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4e5dc7d3e74',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/val/circle/circle_0019.png','5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed',1,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4e610667a5c',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/val/circle/circle_0020.png','3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d',1,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4e77a88c950',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/val/circle/circle_0021.png','fb4312ff074233cb5830fbfe59098a7af382b1b8ba69a800ee09818378b1590c',1,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4e86fdf72ba',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/val/square/square_0022.png','753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b',2,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4e940b5bf15',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/val/square/square_0023.png','3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e',2,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4ea111e5664',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/val/square/square_0024.png','a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d',2,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4eb4a80ce2a',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/val/stripe/stripe_0025.png','fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d',3,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4ecfb5a9c37',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/val/stripe/stripe_0026.png','71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013',3,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(1,'01a228fc6e027452b93fe4edb35bd1ce',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/val/stripe/stripe_0027.png','bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e',3,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(2,'01a228fc6e027452b93fe4ca48538698',1,'drawn/test/circle/circle_0028.png','4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877',1,'test',NULL,NULL,1,'drawn/test/circle/circle_0028.png','4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877',2,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(3,'01a228fc6e027452b93fe4cbd6e4721b',1,'drawn/test/circle/circle_0029.png','bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799',1,'test',NULL,NULL,1,'drawn/test/circle/circle_0029.png','bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799',3,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(4,'01a228fc6e027452b93fe4ca48538698',1,'drawn/test/circle/circle_0028.png','4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877',2,'test',NULL,NULL,1,'drawn/test/circle/circle_0028.png','4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877',1,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(5,'01a228fc6e027452b93fe4cc81e8f61d',1,'drawn/test/circle/circle_0030.png','12cc3ecc7ce1ba7a5bc3f1b9a64aa89c6ad71df6bbf9dd6fb290cffb66e715b3',1,'test',NULL,NULL,1,'drawn/test/circle/circle_0030.png','12cc3ecc7ce1ba7a5bc3f1b9a64aa89c6ad71df6bbf9dd6fb290cffb66e715b3',1,'held_out',NULL,NULL);
INSERT INTO "asset_changes" VALUES(6,'01a228fc6e027452b93fe4cd5967a419',1,'drawn/test/square/square_0031.png','c3a6c10bd970f69a73d1d2ba523ee01fbdaf1598431eaed80b20d2d11e44a116',2,'test',NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "asset_changes" VALUES(6,'01a228fc6e027452b93fe4ce41551d6a',1,'drawn/test/square/square_0032.png','25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880',2,'test',NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "asset_changes" VALUES(6,'01a228fc6e027452b93fe4cfd332bf5d',1,'drawn/test/square/square_0033.png','57a62ac0f2843ffd49ce0791e88fa5b8753b9c225d34411dcb63c203f72e0193',2,'test',NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "asset_changes" VALUES(7,'01a228fc6e027452b93fe4ce41551d6a',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'drawn/test/square/square_0032.png','25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880',2,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(8,'01a228fc6e027452b93fe4d106e47b0c',1,'drawn/test/stripe/stripe_0035.png','c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25',3,'test',NULL,NULL,1,'drawn/test/stripe/stripe_0035.png','c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25',3,'test','flagged',NULL);
INSERT INTO "asset_changes" VALUES(9,'01a228fc6e027452b93fe4d2d99eeea6',1,'drawn/test/stripe/stripe_0036.png','4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868',3,'test',NULL,NULL,1,'drawn/test/stripe/stripe_0036.png','4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868',3,'test','flagged',NULL);
INSERT INTO "asset_changes" VALUES(10,'01a228fc6e027452b93fe4d2d99eeea6',1,'drawn/test/stripe/stripe_0036.png','4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868',3,'test','flagged',NULL,1,'drawn/test/stripe/stripe_0036.png','4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868',3,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(14,'01a228fc6e027452b93fe4d34ebdedf6',1,'drawn/train/circle/circle_0001.png','dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a',1,'train',NULL,NULL,1,'drawn/train/circle/circle_0001.png','dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a',4,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(15,'01a228fc6e027452b93fe4d34ebdedf6',1,'drawn/train/circle/circle_0001.png','dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a',4,'train',NULL,NULL,1,'drawn/train/circle/circle_0001.png','dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a',1,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(18,'01a228fc6e027452b93fe4d46bee1719',1,'drawn/train/circle/circle_0002.png','f85c00cebc77ef5621218c691fed3c1f9c49eba22abf6cbb005fc6e7694405d1',1,'train',NULL,NULL,1,'drawn/train/circle/circle_0002.png','f85c00cebc77ef5621218c691fed3c1f9c49eba22abf6cbb005fc6e7694405d1',NULL,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(19,'01a228fc709071af85302abeff6afdc9',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'more/disc_0001.png','aa9c9a63553add1eaf231ee45d520883849471282e0a5bf4fd83bc8135568fcf',NULL,NULL,NULL,NULL);
INSERT INTO "asset_changes" VALUES(19,'01a228fc709071af85302abf9cc86683',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'more/disc_0002.png','4732b372e17e73f805b5bfc1297fa04d77f1c8aa88ad3e48aace30c9d2faff21',NULL,NULL,NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4ca48538698',1,'drawn/test/circle/circle_0028.png','4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877',1,'test',NULL,NULL,1,'drawn/test/circle/circle_0028.png','4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877',1,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4cbd6e4721b',1,'drawn/test/circle/circle_0029.png','bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799',3,'test',NULL,NULL,1,'drawn/test/circle/circle_0029.png','bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4ce41551d6a',1,'drawn/test/square/square_0032.png','25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880',2,'test',NULL,NULL,1,'drawn/test/square/square_0032.png','25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4d106e47b0c',1,'drawn/test/stripe/stripe_0035.png','c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25',3,'test','flagged',NULL,1,'drawn/test/stripe/stripe_0035.png','c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25',3,'train','flagged',NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4d2d99eeea6',1,'drawn/test/stripe/stripe_0036.png','4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868',3,'test',NULL,NULL,1,'drawn/test/stripe/stripe_0036.png','4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4e5dc7d3e74',1,'drawn/val/circle/circle_0019.png','5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed',1,'val',NULL,NULL,1,'drawn/val/circle/circle_0019.png','5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed',1,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4e610667a5c',1,'drawn/val/circle/circle_0020.png','3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d',1,'val',NULL,NULL,1,'drawn/val/circle/circle_0020.png','3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d',1,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4e86fdf72ba',1,'drawn/val/square/square_0022.png','753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b',2,'val',NULL,NULL,1,'drawn/val/square/square_0022.png','753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4e940b5bf15',1,'drawn/val/square/square_0023.png','3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e',2,'val',NULL,NULL,1,'drawn/val/square/square_0023.png','3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4ea111e5664',1,'drawn/val/square/square_0024.png','a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d',2,'val',NULL,NULL,1,'drawn/val/square/square_0024.png','a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4eb4a80ce2a',1,'drawn/val/stripe/stripe_0025.png','fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d',3,'val',NULL,NULL,1,'drawn/val/stripe/stripe_0025.png','fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4ecfb5a9c37',1,'drawn/val/stripe/stripe_0026.png','71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013',3,'val',NULL,NULL,1,'drawn/val/stripe/stripe_0026.png','71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4edb35bd1ce',1,'drawn/val/stripe/stripe_0027.png','bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e',3,'val',NULL,NULL,1,'drawn/val/stripe/stripe_0027.png','bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4db80c6c4da',1,'drawn/train/square/square_0009.png','3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5',2,'train',NULL,NULL,1,'drawn/train/square/square_0009.png','3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5',2,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4e20a9d8387',1,'drawn/train/stripe/stripe_0016.png','e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71',3,'train',NULL,NULL,1,'drawn/train/stripe/stripe_0016.png','e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71',3,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4d8f71d6b52',1,'drawn/train/circle/circle_0006.png','3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373',1,'train',NULL,NULL,1,'drawn/train/circle/circle_0006.png','3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373',1,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(20,'01a228fc6e027452b93fe4dedddf7141',1,'drawn/train/square/square_0012.png','65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e',2,'train',NULL,NULL,1,'drawn/train/square/square_0012.png','65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e',2,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4ca48538698',1,'drawn/test/circle/circle_0028.png','4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877',1,'train',NULL,NULL,1,'drawn/test/circle/circle_0028.png','4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877',1,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4cbd6e4721b',1,'drawn/test/circle/circle_0029.png','bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799',3,'train',NULL,NULL,1,'drawn/test/circle/circle_0029.png','bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799',3,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4ce41551d6a',1,'drawn/test/square/square_0032.png','25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880',2,'train',NULL,NULL,1,'drawn/test/square/square_0032.png','25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880',2,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4d106e47b0c',1,'drawn/test/stripe/stripe_0035.png','c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25',3,'train','flagged',NULL,1,'drawn/test/stripe/stripe_0035.png','c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25',3,'test','flagged',NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4d2d99eeea6',1,'drawn/test/stripe/stripe_0036.png','4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868',3,'train',NULL,NULL,1,'drawn/test/stripe/stripe_0036.png','4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868',3,'test',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4d8f71d6b52',1,'drawn/train/circle/circle_0006.png','3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373',1,'test',NULL,NULL,1,'drawn/train/circle/circle_0006.png','3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373',1,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4db80c6c4da',1,'drawn/train/square/square_0009.png','3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5',2,'val',NULL,NULL,1,'drawn/train/square/square_0009.png','3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4dedddf7141',1,'drawn/train/square/square_0012.png','65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e',2,'test',NULL,NULL,1,'drawn/train/square/square_0012.png','65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e',2,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4e20a9d8387',1,'drawn/train/stripe/stripe_0016.png','e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71',3,'val',NULL,NULL,1,'drawn/train/stripe/stripe_0016.png','e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71',3,'train',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4e5dc7d3e74',1,'drawn/val/circle/circle_0019.png','5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed',1,'train',NULL,NULL,1,'drawn/val/circle/circle_0019.png','5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed',1,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4e610667a5c',1,'drawn/val/circle/circle_0020.png','3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d',1,'train',NULL,NULL,1,'drawn/val/circle/circle_0020.png','3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d',1,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4e86fdf72ba',1,'drawn/val/square/square_0022.png','753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b',2,'train',NULL,NULL,1,'drawn/val/square/square_0022.png','753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b',2,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4e940b5bf15',1,'drawn/val/square/square_0023.png','3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e',2,'train',NULL,NULL,1,'drawn/val/square/square_0023.png','3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e',2,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4ea111e5664',1,'drawn/val/square/square_0024.png','a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d',2,'train',NULL,NULL,1,'drawn/val/square/square_0024.png','a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d',2,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4eb4a80ce2a',1,'drawn/val/stripe/stripe_0025.png','fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d',3,'train',NULL,NULL,1,'drawn/val/stripe/stripe_0025.png','fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d',3,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4ecfb5a9c37',1,'drawn/val/stripe/stripe_0026.png','71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013',3,'train',NULL,NULL,1,'drawn/val/stripe/stripe_0026.png','71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013',3,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(21,'01a228fc6e027452b93fe4edb35bd1ce',1,'drawn/val/stripe/stripe_0027.png','bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e',3,'train',NULL,NULL,1,'drawn/val/stripe/stripe_0027.png','bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e',3,'val',NULL,NULL);
INSERT INTO "asset_changes" VALUES(22,'01a228fc764376e2a7b89c2628785e2a',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'augmented/bf/bfd66c66737a50edfc7085576c88c3b0.png','bfd66c66737a50edfc7085576c88c3b0e5f80ef4d936da5deddb69a61f117555',2,'train',NULL,'01a228fc6e027452b93fe4d9ee31cd3a');
INSERT INTO "asset_changes" VALUES(22,'01a228fc765076b280a17f0f291b15e6',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'augmented/51/51fcfe2f1c236cacd1b636888209db2b.png','51fcfe2f1c236cacd1b636888209db2b857dbcd10ac49961d69599608cba6c8e',2,'train',NULL,'01a228fc6e027452b93fe4dad68ff3bd');
INSERT INTO "asset_changes" VALUES(22,'01a228fc765a723c921eb3343b3f4438',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'augmented/3a/3ad7ec849f783a0065722e39f3593675.png','3ad7ec849f783a0065722e39f3593675f739033d6bc8f10b1aa0cd4f253b2f21',2,'train',NULL,'01a228fc6e027452b93fe4db80c6c4da');
INSERT INTO "asset_changes" VALUES(22,'01a228fc76667080aa8a0bdd7a2fddcb',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'augmented/85/857f4e6df6d950d8cccf44f1f70cbfb3.png','857f4e6df6d950d8cccf44f1f70cbfb36b3865ccc0cbe801b2c3f9cfcd8e3cd3',2,'train',NULL,'01a228fc6e027452b93fe4dce4a59186');
INSERT INTO "asset_changes" VALUES(22,'01a228fc766973599e5588a715c111fe',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'augmented/37/37b1c944d49e5e80dd6857e16b0bf4c4.png','37b1c944d49e5e80dd6857e16b0bf4c4a1e4c130d23d01e5bc0b762cd1aa6719',2,'train',NULL,'01a228fc6e027452b93fe4dd7897b143');
INSERT INTO "asset_changes" VALUES(22,'01a228fc766d713b8a24b86578a9b768',0,NULL,NULL,NULL,NULL,NULL,NULL,1,'augmented/df/df412f2b6371f65873dcaba9838aa4ac.png','df412f2b6371f65873dcaba9838aa4acc1aec6c5f4e2a8adcbfb1749194b3de1',2,'train',NULL,'01a228fc6e027452b93fe4dedddf7141');
CREATE TABLE asset_counts (
	label_key INTEGER NOT NULL, 
	split_key VARCHAR(10) NOT NULL, 
	is_augmented BOOLEAN NOT NULL, 
	num_assets INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_asset_counts PRIMARY KEY (label_key, split_key, is_augmented)
);
INSERT INTO "asset_counts" VALUES(1,'test',0,1);
INSERT INTO "asset_counts" VALUES(2,'test',0,1);
INSERT INTO "asset_counts" VALUES(3,'test',0,4);
INSERT INTO "asset_counts" VALUES(1,'train',0,5);
INSERT INTO "asset_counts" VALUES(2,'train',0,6);
INSERT INTO "asset_counts" VALUES(3,'train',0,6);
INSERT INTO "asset_counts" VALUES(1,'val',0,3);
INSERT INTO "asset_counts" VALUES(2,'val',0,3);
INSERT INTO "asset_counts" VALUES(3,'val',0,3);
INSERT INTO "asset_counts" VALUES(1,'held_out',0,1);
INSERT INTO "asset_counts" VALUES(4,'train',0,0);
INSERT INTO "asset_counts" VALUES(0,'train',0,1);
INSERT INTO "asset_counts" VALUES(0,'',0,2);
INSERT INTO "asset_counts" VALUES(2,'train',1,6);
CREATE TABLE asset_facet_counts (
	facet VARCHAR(16) NOT NULL, 
	value VARCHAR(64) NOT NULL, 
	num_assets INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_asset_facet_counts PRIMARY KEY (facet, value)
);
INSERT INTO "asset_facet_counts" VALUES('review','',41);
INSERT INTO "asset_facet_counts" VALUES('source','drawn',40);
INSERT INTO "asset_facet_counts" VALUES('review','flagged',1);
INSERT INTO "asset_facet_counts" VALUES('source','more',2);
CREATE TABLE assignments (
	asset_id CHAR(32) NOT NULL, 
	person VARCHAR(128) NOT NULL, 
	assigned_by VARCHAR(128) NOT NULL, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	CONSTRAINT pk_assignments PRIMARY KEY (asset_id), 
	CONSTRAINT ck_assignments_person_not_empty CHECK (length(person) > 0), 
	CONSTRAINT fk_assignments_asset_id FOREIGN KEY(asset_id) REFERENCES vision_assets (asset_id) ON DELETE CASCADE
);
INSERT INTO "assignments" VALUES('01a228fc6e027452b93fe4ca48538698','ana','ana','2026-11-29 20:26:14.622000');
INSERT INTO "assignments" VALUES('01a228fc6e027452b93fe4cbd6e4721b','ben','ana','2026-11-29 20:26:14.622000');
INSERT INTO "assignments" VALUES('01a228fc6e027452b93fe4ce41551d6a','ana','ana','2026-11-29 20:26:14.622000');
INSERT INTO "assignments" VALUES('01a228fc6e027452b93fe4d04aee022b','ben','ana','2026-11-29 20:26:14.622000');
INSERT INTO "assignments" VALUES('01a228fc6e027452b93fe4d106e47b0c','ana','ana','2026-11-29 20:26:14.622000');
INSERT INTO "assignments" VALUES('01a228fc6e027452b93fe4d2d99eeea6','ben','ana','2026-11-29 20:26:14.622000');
CREATE TABLE augmentation_presets (
	preset_id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	based_on VARCHAR(32) NOT NULL, 
	parameters JSON NOT NULL, 
	author VARCHAR(128) NOT NULL, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	CONSTRAINT pk_augmentation_presets PRIMARY KEY (preset_id), 
	CONSTRAINT ck_augmentation_presets_name_not_empty CHECK (length(name) > 0), 
	CONSTRAINT uq_augmentation_presets_name UNIQUE (name)
);
INSERT INTO "augmentation_presets" VALUES(1,'gentle','natural','{"crop_scale_min": 0.7, "crop_scale_max": 1.0, "crop_ratio_min": 0.75, "crop_ratio_max": 1.33, "horizontal_flip": 0.5, "vertical_flip": 0.0, "rotation_degrees": 15.0, "brightness": 0.3, "contrast": 0.3, "saturation": 0.2, "hue": 0.05, "greyscale": 0.05, "erasing": 0.1, "erasing_scale_min": 0.02, "erasing_scale_max": 0.15}','ana','2026-11-29 20:26:14.607000');
CREATE TABLE catalog_state (
	state_id INTEGER NOT NULL, 
	last_revision_id INTEGER DEFAULT '0' NOT NULL, duplicates_revision_id INTEGER, duplicates_bits INTEGER, 
	CONSTRAINT pk_catalog_state PRIMARY KEY (state_id), 
	CONSTRAINT ck_catalog_state_single_row CHECK (state_id = 1)
);
INSERT INTO "catalog_state" VALUES(1,22,21,10);
CREATE TABLE checkpoints (
	run_id INTEGER NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	file_path TEXT NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	val_accuracy DOUBLE NOT NULL, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	CONSTRAINT pk_checkpoints PRIMARY KEY (run_id, kind), 
	CONSTRAINT ck_checkpoints_file_path_relative CHECK (file_path NOT LIKE '/%'), 
	CONSTRAINT ck_checkpoints_kind_known CHECK (kind IN ('best', 'last')), 
	CONSTRAINT fk_checkpoints_run_id FOREIGN KEY(run_id) REFERENCES training_runs (run_id) ON DELETE CASCADE
);
INSERT INTO "checkpoints" VALUES(1,'last','run-1/last.safetensors','c25c8c55bec6a0e2db9a2847f93a6427e5ace3a2b869b80491dd9f16593d1f0c',1636988,3,8.88888888888888839545e-01,'2026-11-29 20:26:08.507000');
INSERT INTO "checkpoints" VALUES(1,'best','run-1/best.safetensors','c25c8c55bec6a0e2db9a2847f93a6427e5ace3a2b869b80491dd9f16593d1f0c',1636988,3,8.88888888888888839545e-01,'2026-11-29 20:26:08.512000');
INSERT INTO "checkpoints" VALUES(3,'last','run-3/last.safetensors','2dabc0f14a056386e7b4aad14dd8d1734489be8482866b3825cbeaeb8248221c',1636988,2,5.55555555555555580227e-01,'2026-11-29 20:26:13.315000');
INSERT INTO "checkpoints" VALUES(3,'best','run-3/best.safetensors','2dabc0f14a056386e7b4aad14dd8d1734489be8482866b3825cbeaeb8248221c',1636988,2,5.55555555555555580227e-01,'2026-11-29 20:26:13.316000');
CREATE TABLE duplicate_members (
	asset_id CHAR(32) NOT NULL, 
	group_id CHAR(32) NOT NULL, 
	distance INTEGER NOT NULL, 
	CONSTRAINT pk_duplicate_members PRIMARY KEY (asset_id), 
	CONSTRAINT fk_duplicate_members_asset_id FOREIGN KEY(asset_id) REFERENCES vision_assets (asset_id) ON DELETE CASCADE
);
INSERT INTO "duplicate_members" VALUES('01a228fc6e027452b93fe4cc81e8f61d','01a228fc6e027452b93fe4cc81e8f61d',10);
INSERT INTO "duplicate_members" VALUES('01a228fc709071af85302abf9cc86683','01a228fc6e027452b93fe4cc81e8f61d',10);
CREATE TABLE jobs (
	job_id INTEGER NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	title VARCHAR(200) NOT NULL, 
	payload JSON NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	author VARCHAR(128) NOT NULL, 
	run_id INTEGER, 
	progress JSON, 
	result JSON, 
	error JSON, 
	log_path TEXT DEFAULT '' NOT NULL, 
	host VARCHAR(255) DEFAULT '' NOT NULL, 
	pid INTEGER, 
	pid_started VARCHAR(32), 
	cancel_requested BOOLEAN DEFAULT '0' NOT NULL, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	started_at DATETIME, 
	heartbeat_at DATETIME, 
	finished_at DATETIME, 
	CONSTRAINT pk_jobs PRIMARY KEY (job_id), 
	CONSTRAINT ck_jobs_status_known CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')), 
	CONSTRAINT fk_jobs_run_id FOREIGN KEY(run_id) REFERENCES training_runs (run_id) ON DELETE SET NULL
);
INSERT INTO "jobs" VALUES(1,'train','Run 1: forge_cnn, 3 epochs','{"run_id": 1, "resume": false, "device": "cpu"}','succeeded','ana',1,'{"stage": "test", "step": 3, "steps": 3, "message": "Measuring on test", "epoch": 3, "total_epochs": 3, "images_per_second": 30.7, "fraction": 1.0, "eta_seconds": null}','{"best_epoch": 3, "best_val_accuracy": 0.8888888888888888, "epochs_done": 3, "ended_early": false, "num_rejected": 0, "test_accuracy": 0.5, "num_test_images": 6}','null','job-1.log','workstation',4711,'81516',0,'2026-11-29 20:26:03.890000',NULL,'2026-11-29 20:26:08.755000','2026-11-29 20:26:08.760000');
INSERT INTO "jobs" VALUES(2,'score','Score the images with run 1','{"run_id": 1, "split": null, "only_new": true}','succeeded','ana',1,'{"fraction": 1.0, "message": "Scoring 42 images", "eta_seconds": 0.0, "done": 42, "total": 42, "images_per_second": 81.4, "after": "01a228fc-766d-713b-8a24-b86578a9b768"}','{"run_id": 1, "revision_id": 22, "num_scored": 42, "num_rated": 16, "num_rejected": 0, "rejected": []}','null','job-2.log','workstation',4711,'81516',0,'2026-11-29 20:26:08.795000',NULL,'2026-11-29 20:26:09.374000','2026-11-29 20:26:09.389000');
INSERT INTO "jobs" VALUES(3,'train','Run 2: forge_cnn, 3 epochs','{"run_id": 2, "resume": false, "device": "cpu"}','failed','ana',2,'{"stage": "verify", "step": 26, "steps": 26, "message": "Checking the image files"}','null','{"message": "0 images are in training, so nothing can be learned.", "next_step": "Split the labelled images first, for example 80/10/10 by class.", "detail": ""}','job-3.log','workstation',4711,'81516',0,'2026-11-29 20:26:09.443000',NULL,'2026-11-29 20:26:09.999000','2026-11-29 20:26:10.004000');
INSERT INTO "jobs" VALUES(4,'train','Run 3: forge_cnn, 200 epochs','{"run_id": 3, "resume": false, "device": "cpu", "pause": true}','interrupted','ana',3,'{"stage": "scratch", "step": 2, "steps": 3, "message": "Training, epoch 3 of 200", "epoch": 3, "total_epochs": 200, "images_per_second": 11.5, "fraction": 0.0133, "eta_seconds": 116.4}','null','{"message": "Paused in epoch 3, step 2 of 3.", "next_step": "Resume it when you like: it goes on with the next step.", "detail": ""}','job-4.log','workstation',4711,'81516',1,'2026-11-29 20:26:10.058000',NULL,'2026-11-29 20:26:14.415000','2026-11-29 20:26:14.422000');
INSERT INTO "jobs" VALUES(5,'train','Run 4: forge_cnn, 3 epochs','{"run_id": 4, "resume": false, "device": "cpu", "pause": true}','interrupted','ana',4,NULL,'null','{"message": "Paused before it began.", "next_step": "Resume it when you like.", "detail": ""}','','',NULL,NULL,0,'2026-11-29 20:26:14.442000',NULL,NULL,'2026-11-29 20:26:14.452000');
INSERT INTO "jobs" VALUES(6,'train','Run 5: forge_cnn, 3 epochs','{"run_id": 5, "resume": false, "device": "cpu", "pause": false}','cancelled','ana',5,NULL,'null','null','','',NULL,NULL,0,'2026-11-29 20:26:14.474000',NULL,NULL,'2026-11-29 20:26:14.484000');
INSERT INTO "jobs" VALUES(7,'train','Run 6: forge_cnn, 3 epochs','{"run_id": 6, "resume": false, "device": "cpu", "pause": true}','running','ana',6,NULL,NULL,NULL,'','elsewhere',12,'1',1,'2026-11-29 20:26:14.500000',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES(8,'train','Run 7: forge_cnn, 3 epochs','{"run_id": 7, "resume": false, "device": "cpu", "pause": false}','running','ana',7,NULL,NULL,NULL,'','elsewhere',12,'1',1,'2026-11-29 20:26:14.545000',NULL,NULL,NULL);
INSERT INTO "jobs" VALUES(9,'train','Run 8: forge_cnn, 3 epochs','{"run_id": 8, "resume": false, "device": "cpu"}','queued','ana',8,NULL,NULL,NULL,'','',NULL,NULL,0,'2026-11-29 20:26:14.579000',NULL,NULL,NULL);
CREATE TABLE label_class_states (
	label_id INTEGER NOT NULL, 
	revision_id INTEGER NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	color VARCHAR(7) NOT NULL, 
	hotkey VARCHAR(8), 
	description TEXT DEFAULT '' NOT NULL, 
	is_retired BOOLEAN DEFAULT '0' NOT NULL, 
	merged_into_label_id INTEGER, 
	CONSTRAINT pk_label_class_states PRIMARY KEY (label_id, revision_id), 
	CONSTRAINT fk_label_class_states_label_id FOREIGN KEY(label_id) REFERENCES label_classes (label_id) ON DELETE CASCADE, 
	CONSTRAINT fk_label_class_states_merged_into_label_id FOREIGN KEY(merged_into_label_id) REFERENCES label_classes (label_id) ON DELETE CASCADE, 
	CONSTRAINT fk_label_class_states_revision_id FOREIGN KEY(revision_id) REFERENCES revisions (revision_id)
);
INSERT INTO "label_class_states" VALUES(1,1,'circle','#0072B2',NULL,'',0,NULL);
INSERT INTO "label_class_states" VALUES(2,1,'square','#E69F00',NULL,'',0,NULL);
INSERT INTO "label_class_states" VALUES(3,1,'stripe','#009E73',NULL,'',0,NULL);
INSERT INTO "label_class_states" VALUES(1,11,'disc','#0072B2',NULL,'',0,NULL);
INSERT INTO "label_class_states" VALUES(2,12,'square','#E69F00','q','four sides',0,NULL);
INSERT INTO "label_class_states" VALUES(4,13,'ring','#CC79A7',NULL,'',0,NULL);
INSERT INTO "label_class_states" VALUES(4,15,'ring','#CC79A7',NULL,'',1,1);
INSERT INTO "label_class_states" VALUES(5,16,'odd','#56B4E9',NULL,'',0,NULL);
INSERT INTO "label_class_states" VALUES(5,17,'odd','#56B4E9',NULL,'',1,NULL);
CREATE TABLE label_classes (
	label_id INTEGER NOT NULL, 
	name VARCHAR(128) NOT NULL, 
	color VARCHAR(7) NOT NULL, 
	hotkey VARCHAR(8), 
	description TEXT DEFAULT '' NOT NULL, 
	is_retired BOOLEAN DEFAULT '0' NOT NULL, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	CONSTRAINT pk_label_classes PRIMARY KEY (label_id), 
	CONSTRAINT ck_label_classes_name_not_empty CHECK (length(name) > 0), 
	CONSTRAINT uq_label_classes_name UNIQUE (name)
);
INSERT INTO "label_classes" VALUES(1,'disc','#0072B2',NULL,'',0,'2026-11-29 20:26:01.570000');
INSERT INTO "label_classes" VALUES(2,'square','#E69F00','q','four sides',0,'2026-11-29 20:26:01.586000');
INSERT INTO "label_classes" VALUES(3,'stripe','#009E73',NULL,'',0,'2026-11-29 20:26:01.595000');
INSERT INTO "label_classes" VALUES(4,'ring','#CC79A7',NULL,'',1,'2026-11-29 20:26:02.082000');
INSERT INTO "label_classes" VALUES(5,'odd','#56B4E9',NULL,'',1,'2026-11-29 20:26:02.165000');
CREATE TABLE label_votes (
	asset_id CHAR(32) NOT NULL, 
	author VARCHAR(128) NOT NULL, 
	label_id INTEGER NOT NULL, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	CONSTRAINT pk_label_votes PRIMARY KEY (asset_id, author), 
	CONSTRAINT fk_label_votes_asset_id FOREIGN KEY(asset_id) REFERENCES vision_assets (asset_id), 
	CONSTRAINT fk_label_votes_label_id FOREIGN KEY(label_id) REFERENCES label_classes (label_id)
);
INSERT INTO "label_votes" VALUES('01a228fc6e027452b93fe4d56cfc12bc','ana',1,'2026-11-29 20:26:02.265000');
INSERT INTO "label_votes" VALUES('01a228fc6e027452b93fe4d56cfc12bc','ben',2,'2026-11-29 20:26:02.268000');
CREATE TABLE predictions (
	run_id INTEGER NOT NULL, 
	asset_id CHAR(32) NOT NULL, 
	label_id INTEGER NOT NULL, 
	confidence DOUBLE NOT NULL, 
	margin DOUBLE NOT NULL, 
	entropy DOUBLE NOT NULL, 
	label_quality DOUBLE, given_label_id INTEGER, revision_id INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_predictions PRIMARY KEY (run_id, asset_id), 
	CONSTRAINT fk_predictions_asset_id FOREIGN KEY(asset_id) REFERENCES vision_assets (asset_id), 
	CONSTRAINT fk_predictions_label_id FOREIGN KEY(label_id) REFERENCES label_classes (label_id), 
	CONSTRAINT fk_predictions_run_id FOREIGN KEY(run_id) REFERENCES training_runs (run_id) ON DELETE CASCADE
);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4ca48538698',1,6.59525932257805647118e-01,4.24667732955401056038e-01,0.852192246763838,6.59525932257805647118e-01,1,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4cbd6e4721b',1,6.69492865022571881361e-01,3.9770244624625522567e-01,7.89155425835518231636e-01,2.71790418776316655691e-01,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4cc81e8f61d',1,7.73180089622060084941e-01,5.92029974166571215654e-01,6.49329052142357920907e-01,7.73180089622060084941e-01,1,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4ce41551d6a',2,6.6130684293156138942e-01,4.00992379795355236016e-01,8.23391248142450793423e-01,6.6130684293156138942e-01,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4d04aee022b',3,6.48078039099399649813e-01,3.52761315722994350796e-01,8.0385054082843354628e-01,6.48078039099399649813e-01,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4d106e47b0c',1,7.39331797994058348422e-01,5.62985639956276262552e-01,0.737836942940874,1.76346158037782113625e-01,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4d2d99eeea6',1,4.85031148032416759008e-01,1.43043722995735311798e-01,1.02139480762726497786e+00,3.4198742503668144721e-01,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4d34ebdedf6',1,7.75375492526943155269e-01,5.9372783715500909718e-01,6.42347738076729735112e-01,NULL,1,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4d46bee1719',1,7.08284989155196664789e-01,4.82572533038559736695e-01,7.59664210293095498727e-01,NULL,NULL,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4d56cfc12bc',1,8.28194060776578533378e-01,7.01114336713150820834e-01,5.57252044102771737499e-01,NULL,1,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4d67ce9e5d2',1,7.63392448217288133172e-01,5.64200363852410347043e-01,6.5043150079209033354e-01,NULL,1,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4d78209efa4',1,7.66807782909261548276e-01,0.58019875543508,6.59718167659496312893e-01,NULL,1,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4d8f71d6b52',1,7.79546860931244922632e-01,5.94680858085172348026e-01,6.24927559694545942114e-01,NULL,1,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4d9ee31cd3a',2,9.42235791652998755374e-01,9.00478629421688658851e-01,2.54863441251167222034e-01,NULL,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4dad68ff3bd',2,8.69601881432850443154e-01,7.87535653368551802344e-01,4.73114294915378541528e-01,NULL,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4db80c6c4da',2,8.91954924735839371763e-01,8.16849841741987936494e-01,4.08849341547967037868e-01,NULL,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4dce4a59186',2,9.61284463132838773447e-01,9.32097339087942122759e-01,1.85444580755248167314e-01,NULL,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4dd7897b143',2,9.39272713492305566518e-01,8.84720486211944212584e-01,2.48929302293509124854e-01,NULL,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4dedddf7141',2,8.79634666862436187528e-01,7.73511001579605728117e-01,4.11412881232412264154e-01,NULL,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4dfc1de80aa',3,5.66489572223100590342e-01,1.8699551862452623574e-01,0.847277157388503,NULL,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4e0f1360f34',3,5.62336491222639511811e-01,1.86769129501941133497e-01,8.64081025949614112136e-01,NULL,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4e1186f669e',3,0.585072251821915,2.69924407415544687083e-01,9.07487401318739728139e-01,NULL,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4e20a9d8387',3,6.42327795857108863053e-01,3.47174809044219656595e-01,8.17815257451216304218e-01,NULL,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4e319e1f072',3,5.07030107325602275025e-01,1.36389720712781936651e-01,0.96925511526185,NULL,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4e4d7bf1c72',3,6.42474384087732164339e-01,3.4357823907149775966e-01,8.11517059130398843436e-01,NULL,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4e5dc7d3e74',1,7.10215154727420472369e-01,0.483302501720389,7.53526659332183101902e-01,7.10215154727420472369e-01,1,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4e610667a5c',1,8.08755168756342901481e-01,6.59537733761498379259e-01,5.88732536580145460192e-01,8.08755168756342901481e-01,1,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4e77a88c950',1,0.63419829311204,3.64562021070675423839e-01,8.67406271463880940153e-01,0.63419829311204,1,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4e86fdf72ba',2,9.64858417316688643516e-01,9.38477895877440460026e-01,1.71918349204725789958e-01,9.64858417316688643516e-01,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4e940b5bf15',2,9.33430119095126520356e-01,0.887803951345102,2.86130360905260339166e-01,9.33430119095126520356e-01,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4ea111e5664',2,8.92219733133195469498e-01,8.24558852520274720987e-01,4.1299850031300083808e-01,8.92219733133195469498e-01,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4eb4a80ce2a',3,5.13469219959051703661e-01,1.44909935484936580607e-01,9.62281445352372366563e-01,5.13469219959051703661e-01,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4ecfb5a9c37',3,4.86372874870572902139e-01,2.42747783527109128876e-02,8.60112305456031234207e-01,4.86372874870572902139e-01,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc6e027452b93fe4edb35bd1ce',1,6.05316167912307245835e-01,4.03308691251976214608e-01,9.44260851581625204609e-01,2.02007476660331058981e-01,3,22);
INSERT INTO "predictions" VALUES(1,'01a228fc709071af85302abeff6afdc9',1,7.05509824471077351404e-01,5.10628636027077753567e-01,7.94556554102664236438e-01,NULL,NULL,22);
INSERT INTO "predictions" VALUES(1,'01a228fc709071af85302abf9cc86683',1,7.29595774226632798331e-01,5.60041542208635445554e-01,7.62265804148764436476e-01,NULL,NULL,22);
INSERT INTO "predictions" VALUES(1,'01a228fc764376e2a7b89c2628785e2a',2,9.35801937175037901184e-01,0.889189289027495,2.76057868176565412987e-01,NULL,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc765076b280a17f0f291b15e6',2,8.94730251946641685911e-01,8.27494869134189459103e-01,4.05373613449348857429e-01,NULL,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc765a723c921eb3343b3f4438',2,8.87261971501337232126e-01,8.10787542103548752869e-01,4.23014423368915759571e-01,NULL,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc76667080aa8a0bdd7a2fddcb',2,0.959261203517563,9.2911836869534636385e-01,1.93634718084906315427e-01,NULL,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc766973599e5588a715c111fe',2,9.42427664256944686016e-01,8.91000023547041886118e-01,2.39787715914849902665e-01,NULL,2,22);
INSERT INTO "predictions" VALUES(1,'01a228fc766d713b8a24b86578a9b768',2,8.7991730750409735684e-01,7.74052627491620848232e-01,4.10767232524322456477e-01,NULL,2,22);
CREATE TABLE revisions (
	revision_id INTEGER NOT NULL, 
	operation_id VARCHAR(64) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	author VARCHAR(128) NOT NULL, 
	message TEXT DEFAULT '' NOT NULL, 
	num_changes INTEGER DEFAULT '0' NOT NULL, 
	undoes_revision_id INTEGER, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	CONSTRAINT pk_revisions PRIMARY KEY (revision_id), 
	CONSTRAINT fk_revisions_undoes_revision_id FOREIGN KEY(undoes_revision_id) REFERENCES revisions (revision_id), 
	CONSTRAINT uq_revisions_operation_id UNIQUE (operation_id)
);
INSERT INTO "revisions" VALUES(1,'01a228fc-6be4-7123-a1c1-3250029b45a0','import','tester','36 images from drawn',36,NULL,'2026-11-29 20:26:01.520000');
INSERT INTO "revisions" VALUES(2,'01a228fc-6e32-7042-991a-95ef03680405','relabel','ana','',1,NULL,'2026-11-29 20:26:01.669000');
INSERT INTO "revisions" VALUES(3,'01a228fc-6e58-71fc-b9ad-c069438015f6','relabel','ben','looked twice',1,NULL,'2026-11-29 20:26:01.696000');
INSERT INTO "revisions" VALUES(4,'01a228fc-6e6c-7066-ac32-7da60364ba80','undo','ana','undo of revision 2',1,2,'2026-11-29 20:26:01.757000');
INSERT INTO "revisions" VALUES(5,'01a228fc-6efa-74f6-b8f3-6688d4b4901b','set_split','ana','',1,NULL,'2026-11-29 20:26:01.859000');
INSERT INTO "revisions" VALUES(6,'01a228fc-6f27-77a6-97a8-6d8e456bbb33','remove','ben','',3,NULL,'2026-11-29 20:26:01.901000');
INSERT INTO "revisions" VALUES(7,'01a228fc-6f44-7752-9adf-c173b21908a0','restore','ben','',1,NULL,'2026-11-29 20:26:01.940000');
INSERT INTO "revisions" VALUES(8,'01a228fc-6f65-7587-8238-e01214ee6920','flag','ana','cut off?',1,NULL,'2026-11-29 20:26:01.965000');
INSERT INTO "revisions" VALUES(9,'01a228fc-6f7f-76b2-9a64-88da41a4dffa','flag','ana','',1,NULL,'2026-11-29 20:26:01.987000');
INSERT INTO "revisions" VALUES(10,'01a228fc-6f87-74fa-8220-8b24a9eb30f6','unflag','ben','',1,NULL,'2026-11-29 20:26:01.994000');
INSERT INTO "revisions" VALUES(11,'01a228fc-6f9c-7152-8d6e-8687b48627b7','rename_class','ana','circle renamed to disc',0,NULL,'2026-11-29 20:26:02.018000');
INSERT INTO "revisions" VALUES(12,'01a228fc-6fbc-7077-aa71-4a4f0e3a5e8b','edit_class','ana','square: description none to four sides, key none to q',0,NULL,'2026-11-29 20:26:02.061000');
INSERT INTO "revisions" VALUES(13,'01a228fc-6fd9-7385-9628-cab446669ff4','create_class','ben','class ring',0,NULL,'2026-11-29 20:26:02.080000');
INSERT INTO "revisions" VALUES(14,'01a228fc-6ff0-736c-9956-3fee49b16eed','relabel','ben','',1,NULL,'2026-11-29 20:26:02.106000');
INSERT INTO "revisions" VALUES(15,'01a228fc-7005-7173-8921-c48ab966c6da','merge_class','ana','ring merged into disc',1,NULL,'2026-11-29 20:26:02.123000');
INSERT INTO "revisions" VALUES(16,'01a228fc-702c-75e4-b499-9b3bdfe5f537','create_class','ben','class odd',0,NULL,'2026-11-29 20:26:02.159000');
INSERT INTO "revisions" VALUES(17,'01a228fc-7041-7298-87e4-4483280a9ebc','retire_class','ben','odd retired',0,NULL,'2026-11-29 20:26:02.193000');
INSERT INTO "revisions" VALUES(18,'01a228fc-705c-7529-a692-f46eadec8e02','relabel','ana','',1,NULL,'2026-11-29 20:26:02.215000');
INSERT INTO "revisions" VALUES(19,'01a228fc-7079-724b-8dfa-296e96d32033','import','tester','2 images from more',2,NULL,'2026-11-29 20:26:02.253000');
INSERT INTO "revisions" VALUES(20,'01a228fc-750a-77aa-88dd-3d8e85fefd38','split','ana','split 80/10/10 by class, seed 3, groups kept whole by group_key',17,NULL,'2026-11-29 20:26:03.436000');
INSERT INTO "revisions" VALUES(21,'01a228fc-755b-74de-9773-8409c475b74b','undo','ana','undo of revision 20',17,20,'2026-11-29 20:26:03.514000');
INSERT INTO "revisions" VALUES(22,'01a228fc-769f-7719-abee-0972a7eb05f2','augment','ben','6 augmented copies of 6 images',6,NULL,'2026-11-29 20:26:03.814000');
CREATE TABLE run_metrics (
	run_id INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	stage VARCHAR(16) NOT NULL, 
	train_loss DOUBLE NOT NULL, 
	train_accuracy DOUBLE NOT NULL, 
	val_loss DOUBLE NOT NULL, 
	val_accuracy DOUBLE NOT NULL, 
	learning_rates JSON NOT NULL, 
	duration_seconds DOUBLE NOT NULL, 
	images_per_second DOUBLE NOT NULL, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	CONSTRAINT pk_run_metrics PRIMARY KEY (run_id, epoch), 
	CONSTRAINT fk_run_metrics_run_id FOREIGN KEY(run_id) REFERENCES training_runs (run_id) ON DELETE CASCADE
);
INSERT INTO "run_metrics" VALUES(1,1,'scratch',1.2469502056346219998e+00,3.52941176470588258151e-01,9.5867155405471393692e-01,3.33333333333333314829e-01,'{"all": 0.0027632408752152494}',9.60693691999949805904e-01,2.33159261748909898406e+01,'2026-11-29 20:26:06.511000');
INSERT INTO "run_metrics" VALUES(1,2,'scratch',1.79650638383977545586e+00,5.88235294117647078415e-01,7.25804431549584738725e-01,6.66666666666666629659e-01,'{"all": 0.0013487447679954544}',0.854518791999908,2.02507500282241359457e+01,'2026-11-29 20:26:07.559000');
INSERT INTO "run_metrics" VALUES(1,3,'scratch',4.59231606301139405612e-01,8.82352941176470562112e-01,4.68371275778182605264e-01,8.88888888888888839545e-01,'{"all": 0.00010022040571070906}',5.94096170000284473644e-01,3.06407014838990114928e+01,'2026-11-29 20:26:08.506000');
INSERT INTO "run_metrics" VALUES(3,1,'scratch',1.13070652765386236993e+00,3.52941176470588258151e-01,1.09487227224410887949e+00,3.33333333333333314829e-01,'{"all": 0.0002000933333333333}',6.61596155000097496667e-01,3.89923972784344314845e+01,'2026-11-29 20:26:12.521000');
INSERT INTO "run_metrics" VALUES(3,2,'scratch',8.18072760806364152053e-01,5.88235294117647078415e-01,9.37659213968021543195e-01,5.55555555555555580227e-01,'{"all": 0.0005000833333333333}',0.519566310999835,33.7927199838503,'2026-11-29 20:26:13.314000');
CREATE TABLE saved_views (
	view_id INTEGER NOT NULL, 
	name VARCHAR(80) NOT NULL, 
	"query" JSON NOT NULL, 
	author VARCHAR(128) NOT NULL, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	CONSTRAINT pk_saved_views PRIMARY KEY (view_id), 
	CONSTRAINT ck_saved_views_name_not_empty CHECK (length(name) > 0), 
	CONSTRAINT uq_saved_views_name UNIQUE (name)
);
INSERT INTO "saved_views" VALUES(1,'to label','{"label": "none", "sort": "newest"}','ana','2026-11-29 20:26:14.592000');
CREATE TABLE training_runs (
	run_id INTEGER NOT NULL, 
	name VARCHAR(128) DEFAULT '' NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	author VARCHAR(128) NOT NULL, 
	config JSON NOT NULL, 
	revision_id INTEGER NOT NULL, 
	class_names JSON NOT NULL, 
	label_ids JSON NOT NULL, 
	environment JSON, 
	device VARCHAR(128) DEFAULT '' NOT NULL, 
	message TEXT DEFAULT '' NOT NULL, 
	best_epoch INTEGER, 
	best_val_accuracy DOUBLE, 
	report JSON, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	started_at DATETIME, 
	finished_at DATETIME, 
	is_deleted BOOLEAN DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_training_runs PRIMARY KEY (run_id), 
	CONSTRAINT ck_training_runs_status_known CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted'))
);
INSERT INTO "training_runs" VALUES(1,'finished','succeeded','ana','{"schema": 3, "architecture": "forge_cnn", "pretrained": false, "input_size": 16, "fit": "crop", "preset": "text", "augmentation": null, "preset_name": "", "batch_size": 8, "warmup_epochs": 5, "finetune_epochs": 10, "scratch_epochs": 3, "warmup_lr": 0.001, "backbone_lr": 0.0001, "head_lr": 0.001, "scratch_lr": 0.003, "min_lr": 1e-07, "train_all_layers": false, "keep_statistics": true, "weight_decay": 0.0001, "use_augmented": false, "balanced_sampling": false, "label_smoothing": 0.0, "seed": 0, "device": "cpu", "early_stopping_patience": 0, "optimizer": "adamw", "momentum": 0.9, "nesterov": true, "schedule": "cosine", "lr_warmup_steps": -1, "decay_norm_and_bias": false, "clip_norm": 0.0, "mixup_alpha": 0.0, "cutmix_alpha": 0.0, "balanced_loss": false, "ema_decay": 0.0, "time_budget_minutes": 0.0, "number_format": "auto", "memory_layout": "auto", "num_threads": 0, "num_processes": 1}',22,'["disc", "square", "stripe"]','[1, 2, 3]','{"torch": "2.15.0+cu132", "torchvision": "0.29.2+cu132", "cuda": "13.2", "cudnn": "92600", "device": "AMD EPYC, 2 threads", "device_id": "cpu", "python": "3.11.7", "platform": "Linux-6.1.0-x86_64-with-glibc2.36", "processors": 2, "driver": "none", "packages_sha256": "a3092c170a8c56844a498df9a471492ce98c7373d9d6b62365fd642b9e380497", "commit": "ff23663", "speed": {"number_format": "float32", "memory_layout": "channels_last", "num_threads": 2, "device_kind": "cpu", "parts": 1, "compiled": false}, "left_out": []}','AMD EPYC, 2 threads','Finished: 88.9% validation accuracy at epoch 3.',3,8.88888888888888839545e-01,'{"val": {"schema": 1, "num_images": 9, "class_names": ["disc", "square", "stripe"], "accuracy": 0.8888888888888888, "accuracy_interval": [0.565000294423344, 0.980109112361455], "loss": 0.4683712757781826, "macro_f1": 0.8857142857142858, "confusion": [[3, 0, 0], [0, 3, 0], [1, 0, 2]], "per_class": [{"class_name": "disc", "precision": 0.75, "recall": 1.0, "f1": 0.8571428571428571, "support": 3}, {"class_name": "square", "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 3}, {"class_name": "stripe", "precision": 1.0, "recall": 0.6666666666666666, "f1": 0.8, "support": 3}], "top5_accuracy": null}, "test": {"schema": 1, "num_images": 6, "class_names": ["disc", "square", "stripe"], "accuracy": 0.5, "accuracy_interval": [0.18761630648265054, 0.8123836935173494], "loss": 0.8957545403699232, "macro_f1": 0.6, "confusion": [[1, 0, 0], [0, 1, 0], [3, 0, 1]], "per_class": [{"class_name": "disc", "precision": 0.25, "recall": 1.0, "f1": 0.4, "support": 1}, {"class_name": "square", "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 1}, {"class_name": "stripe", "precision": 1.0, "recall": 0.25, "f1": 0.4, "support": 4}], "top5_accuracy": null}}','2026-11-29 20:26:03.885000','2026-11-29 20:26:04.739000','2026-11-29 20:26:08.761000',0);
INSERT INTO "training_runs" VALUES(2,'failed','failed','ana','{"schema": 3, "architecture": "forge_cnn", "pretrained": false, "input_size": 16, "fit": "crop", "preset": "text", "augmentation": null, "preset_name": "", "batch_size": 8, "warmup_epochs": 5, "finetune_epochs": 10, "scratch_epochs": 3, "warmup_lr": 0.001, "backbone_lr": 0.0001, "head_lr": 0.001, "scratch_lr": 0.003, "min_lr": 1e-07, "train_all_layers": false, "keep_statistics": true, "weight_decay": 0.0001, "use_augmented": false, "balanced_sampling": false, "label_smoothing": 0.0, "seed": 0, "device": "cpu", "early_stopping_patience": 0, "optimizer": "adamw", "momentum": 0.9, "nesterov": true, "schedule": "cosine", "lr_warmup_steps": -1, "decay_norm_and_bias": false, "clip_norm": 0.0, "mixup_alpha": 0.0, "cutmix_alpha": 0.0, "balanced_loss": false, "ema_decay": 0.0, "time_budget_minutes": 0.0, "number_format": "auto", "memory_layout": "auto", "num_threads": 0, "num_processes": 1}',22,'["disc", "square", "stripe"]','[1, 2, 3]','{"torch": "2.15.0+cu132", "torchvision": "0.29.2+cu132", "cuda": "13.2", "cudnn": "92600", "device": "AMD EPYC, 2 threads", "device_id": "cpu", "python": "3.11.7", "platform": "Linux-6.1.0-x86_64-with-glibc2.36", "processors": 2, "driver": "none", "packages_sha256": "a3092c170a8c56844a498df9a471492ce98c7373d9d6b62365fd642b9e380497", "commit": "ff23663"}','AMD EPYC, 2 threads','0 images are in training, so nothing can be learned.',NULL,NULL,NULL,'2026-11-29 20:26:09.442000','2026-11-29 20:26:09.976000','2026-11-29 20:26:10.006000',0);
INSERT INTO "training_runs" VALUES(3,'paused in its third epoch','interrupted','ana','{"schema": 3, "architecture": "forge_cnn", "pretrained": false, "input_size": 16, "fit": "crop", "preset": "text", "augmentation": null, "preset_name": "", "batch_size": 8, "warmup_epochs": 5, "finetune_epochs": 10, "scratch_epochs": 200, "warmup_lr": 0.001, "backbone_lr": 0.0001, "head_lr": 0.001, "scratch_lr": 0.003, "min_lr": 1e-07, "train_all_layers": false, "keep_statistics": true, "weight_decay": 0.0001, "use_augmented": false, "balanced_sampling": false, "label_smoothing": 0.0, "seed": 0, "device": "cpu", "early_stopping_patience": 0, "optimizer": "adamw", "momentum": 0.9, "nesterov": true, "schedule": "cosine", "lr_warmup_steps": -1, "decay_norm_and_bias": false, "clip_norm": 0.0, "mixup_alpha": 0.0, "cutmix_alpha": 0.0, "balanced_loss": false, "ema_decay": 0.0, "time_budget_minutes": 0.0, "number_format": "auto", "memory_layout": "auto", "num_threads": 0, "num_processes": 1}',22,'["disc", "square", "stripe"]','[1, 2, 3]','{"torch": "2.15.0+cu132", "torchvision": "0.29.2+cu132", "cuda": "13.2", "cudnn": "92600", "device": "AMD EPYC, 2 threads", "device_id": "cpu", "python": "3.11.7", "platform": "Linux-6.1.0-x86_64-with-glibc2.36", "processors": 2, "driver": "none", "packages_sha256": "a3092c170a8c56844a498df9a471492ce98c7373d9d6b62365fd642b9e380497", "commit": "ff23663", "speed": {"number_format": "float32", "memory_layout": "channels_last", "num_threads": 2, "device_kind": "cpu", "parts": 1, "compiled": false}, "left_out": []}','AMD EPYC, 2 threads','Paused in epoch 3, step 2 of 3.',2,5.55555555555555580227e-01,NULL,'2026-11-29 20:26:10.056000','2026-11-29 20:26:10.579000','2026-11-29 20:26:14.423000',0);
INSERT INTO "training_runs" VALUES(4,'paused while it waited','interrupted','ana','{"schema": 3, "architecture": "forge_cnn", "pretrained": false, "input_size": 16, "fit": "crop", "preset": "text", "augmentation": null, "preset_name": "", "batch_size": 8, "warmup_epochs": 5, "finetune_epochs": 10, "scratch_epochs": 3, "warmup_lr": 0.001, "backbone_lr": 0.0001, "head_lr": 0.001, "scratch_lr": 0.003, "min_lr": 1e-07, "train_all_layers": false, "keep_statistics": true, "weight_decay": 0.0001, "use_augmented": false, "balanced_sampling": false, "label_smoothing": 0.0, "seed": 0, "device": "cpu", "early_stopping_patience": 0, "optimizer": "adamw", "momentum": 0.9, "nesterov": true, "schedule": "cosine", "lr_warmup_steps": -1, "decay_norm_and_bias": false, "clip_norm": 0.0, "mixup_alpha": 0.0, "cutmix_alpha": 0.0, "balanced_loss": false, "ema_decay": 0.0, "time_budget_minutes": 0.0, "number_format": "auto", "memory_layout": "auto", "num_threads": 0, "num_processes": 1}',22,'["disc", "square", "stripe"]','[1, 2, 3]','null','','Paused before it began.',NULL,NULL,NULL,'2026-11-29 20:26:14.441000',NULL,'2026-11-29 20:26:14.452000',0);
INSERT INTO "training_runs" VALUES(5,'cancelled while it waited','cancelled','ana','{"schema": 3, "architecture": "forge_cnn", "pretrained": false, "input_size": 16, "fit": "crop", "preset": "text", "augmentation": null, "preset_name": "", "batch_size": 8, "warmup_epochs": 5, "finetune_epochs": 10, "scratch_epochs": 3, "warmup_lr": 0.001, "backbone_lr": 0.0001, "head_lr": 0.001, "scratch_lr": 0.003, "min_lr": 1e-07, "train_all_layers": false, "keep_statistics": true, "weight_decay": 0.0001, "use_augmented": false, "balanced_sampling": false, "label_smoothing": 0.0, "seed": 0, "device": "cpu", "early_stopping_patience": 0, "optimizer": "adamw", "momentum": 0.9, "nesterov": true, "schedule": "cosine", "lr_warmup_steps": -1, "decay_norm_and_bias": false, "clip_norm": 0.0, "mixup_alpha": 0.0, "cutmix_alpha": 0.0, "balanced_loss": false, "ema_decay": 0.0, "time_budget_minutes": 0.0, "number_format": "auto", "memory_layout": "auto", "num_threads": 0, "num_processes": 1}',22,'["disc", "square", "stripe"]','[1, 2, 3]','null','','',NULL,NULL,NULL,'2026-11-29 20:26:14.473000',NULL,'2026-11-29 20:26:14.485000',0);
INSERT INTO "training_runs" VALUES(6,'asked to pause when the machine went off','queued','ana','{"schema": 3, "architecture": "forge_cnn", "pretrained": false, "input_size": 16, "fit": "crop", "preset": "text", "augmentation": null, "preset_name": "", "batch_size": 8, "warmup_epochs": 5, "finetune_epochs": 10, "scratch_epochs": 3, "warmup_lr": 0.001, "backbone_lr": 0.0001, "head_lr": 0.001, "scratch_lr": 0.003, "min_lr": 1e-07, "train_all_layers": false, "keep_statistics": true, "weight_decay": 0.0001, "use_augmented": false, "balanced_sampling": false, "label_smoothing": 0.0, "seed": 0, "device": "cpu", "early_stopping_patience": 0, "optimizer": "adamw", "momentum": 0.9, "nesterov": true, "schedule": "cosine", "lr_warmup_steps": -1, "decay_norm_and_bias": false, "clip_norm": 0.0, "mixup_alpha": 0.0, "cutmix_alpha": 0.0, "balanced_loss": false, "ema_decay": 0.0, "time_budget_minutes": 0.0, "number_format": "auto", "memory_layout": "auto", "num_threads": 0, "num_processes": 1}',22,'["disc", "square", "stripe"]','[1, 2, 3]','null','','',NULL,NULL,NULL,'2026-11-29 20:26:14.499000',NULL,NULL,0);
INSERT INTO "training_runs" VALUES(7,'asked to cancel when the machine went off','queued','ana','{"schema": 3, "architecture": "forge_cnn", "pretrained": false, "input_size": 16, "fit": "crop", "preset": "text", "augmentation": null, "preset_name": "", "batch_size": 8, "warmup_epochs": 5, "finetune_epochs": 10, "scratch_epochs": 3, "warmup_lr": 0.001, "backbone_lr": 0.0001, "head_lr": 0.001, "scratch_lr": 0.003, "min_lr": 1e-07, "train_all_layers": false, "keep_statistics": true, "weight_decay": 0.0001, "use_augmented": false, "balanced_sampling": false, "label_smoothing": 0.0, "seed": 0, "device": "cpu", "early_stopping_patience": 0, "optimizer": "adamw", "momentum": 0.9, "nesterov": true, "schedule": "cosine", "lr_warmup_steps": -1, "decay_norm_and_bias": false, "clip_norm": 0.0, "mixup_alpha": 0.0, "cutmix_alpha": 0.0, "balanced_loss": false, "ema_decay": 0.0, "time_budget_minutes": 0.0, "number_format": "auto", "memory_layout": "auto", "num_threads": 0, "num_processes": 1}',22,'["disc", "square", "stripe"]','[1, 2, 3]','null','','',NULL,NULL,NULL,'2026-11-29 20:26:14.544000',NULL,NULL,0);
INSERT INTO "training_runs" VALUES(8,'waits','queued','ana','{"schema": 3, "architecture": "forge_cnn", "pretrained": false, "input_size": 16, "fit": "crop", "preset": "text", "augmentation": null, "preset_name": "", "batch_size": 8, "warmup_epochs": 5, "finetune_epochs": 10, "scratch_epochs": 3, "warmup_lr": 0.001, "backbone_lr": 0.0001, "head_lr": 0.001, "scratch_lr": 0.003, "min_lr": 1e-07, "train_all_layers": false, "keep_statistics": true, "weight_decay": 0.0001, "use_augmented": false, "balanced_sampling": false, "label_smoothing": 0.0, "seed": 0, "device": "cpu", "early_stopping_patience": 0, "optimizer": "adamw", "momentum": 0.9, "nesterov": true, "schedule": "cosine", "lr_warmup_steps": -1, "decay_norm_and_bias": false, "clip_norm": 0.0, "mixup_alpha": 0.0, "cutmix_alpha": 0.0, "balanced_loss": false, "ema_decay": 0.0, "time_budget_minutes": 0.0, "number_format": "auto", "memory_layout": "auto", "num_threads": 0, "num_processes": 1}',22,'["disc", "square", "stripe"]','[1, 2, 3]','null','','',NULL,NULL,NULL,'2026-11-29 20:26:14.578000',NULL,NULL,0);
CREATE TABLE user_preferences (
	author VARCHAR(128) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	value JSON NOT NULL, 
	updated_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	CONSTRAINT pk_user_preferences PRIMARY KEY (author, name)
);
INSERT INTO "user_preferences" VALUES('ben','gallery','{"keys": {"undo": ["q"]}, "size": 160}','2026-11-29 20:26:14.598000');
CREATE TABLE vision_assets (
	asset_id CHAR(32) NOT NULL, 
	file_path TEXT NOT NULL, 
	label_id INTEGER, 
	label_name VARCHAR(128), 
	split_type VARCHAR(10), 
	source_dataset VARCHAR(64) DEFAULT '' NOT NULL, 
	is_augmented BOOLEAN DEFAULT '0' NOT NULL, 
	last_augmented_at DATETIME, 
	created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	mime VARCHAR(64) NOT NULL, 
	perceptual_hash VARCHAR(16), 
	parent_asset_id CHAR(32), 
	review_state VARCHAR(16), 
	review_note TEXT DEFAULT '' NOT NULL, 
	row_version INTEGER DEFAULT '1' NOT NULL, 
	is_deleted BOOLEAN DEFAULT '0' NOT NULL, group_key VARCHAR(128), 
	CONSTRAINT pk_vision_assets PRIMARY KEY (asset_id), 
	CONSTRAINT ck_vision_assets_file_path_relative CHECK (length(file_path) > 0 AND file_path NOT LIKE '/%' AND file_path NOT LIKE '%\%' ESCAPE '|' AND file_path NOT LIKE '_:%' AND file_path NOT LIKE '%://%' AND '/' || file_path || '/' NOT LIKE '%/../%'), 
	CONSTRAINT ck_vision_assets_split_type_known CHECK (split_type IN ('train', 'val', 'test', 'held_out')), 
	CONSTRAINT ck_vision_assets_label_name_beside_label_id CHECK ((label_id IS NULL) = (label_name IS NULL)), 
	CONSTRAINT ck_vision_assets_dimensions_positive CHECK (width > 0 AND height > 0), 
	CONSTRAINT fk_vision_assets_label_id FOREIGN KEY(label_id) REFERENCES label_classes (label_id), 
	CONSTRAINT fk_vision_assets_parent_asset_id FOREIGN KEY(parent_asset_id) REFERENCES vision_assets (asset_id)
);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4ca48538698','drawn/test/circle/circle_0028.png',1,'disc','test','drawn',0,NULL,'2026-11-29 20:26:01.603000','4c39bec572e3e2541fa103c388148430e176d0a6be95a1d0e3eed7540450d877',24,24,1357,'image/png','65b3598c669b5892',NULL,NULL,'',5,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4cbd6e4721b','drawn/test/circle/circle_0029.png',3,'stripe','test','drawn',0,NULL,'2026-11-29 20:26:01.603000','bcea73cc66721bf86ddb882d9b78d2a7178d9ab09d25a66976ec89bed3905799',24,24,1408,'image/png','a58de473996c27c3',NULL,NULL,'',4,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4cc81e8f61d','drawn/test/circle/circle_0030.png',1,'disc','held_out','drawn',0,NULL,'2026-11-29 20:26:01.603000','12cc3ecc7ce1ba7a5bc3f1b9a64aa89c6ad71df6bbf9dd6fb290cffb66e715b3',24,24,1359,'image/png','c42a98c762384c97',NULL,NULL,'',2,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4cd5967a419','drawn/test/square/square_0031.png',2,'square','test','drawn',0,NULL,'2026-11-29 20:26:01.603000','c3a6c10bd970f69a73d1d2ba523ee01fbdaf1598431eaed80b20d2d11e44a116',24,24,1311,'image/png','33716c68b192e656',NULL,NULL,'',2,1,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4ce41551d6a','drawn/test/square/square_0032.png',2,'square','test','drawn',0,NULL,'2026-11-29 20:26:01.603000','25181815f979d1eab16f3b24c8266b1baebe323e29e65cfe7047e171d32bc880',24,24,1298,'image/png','4272c9a62786cd35',NULL,NULL,'',5,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4cfd332bf5d','drawn/test/square/square_0033.png',2,'square','test','drawn',0,NULL,'2026-11-29 20:26:01.607000','57a62ac0f2843ffd49ce0791e88fa5b8753b9c225d34411dcb63c203f72e0193',24,24,1307,'image/png','3271c9e971365a8a',NULL,NULL,'',2,1,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4d04aee022b','drawn/test/stripe/stripe_0034.png',3,'stripe','test','drawn',0,NULL,'2026-11-29 20:26:01.608000','70f82173d5289c86eb51f8809b34930c83258d225bd11462873b20c4cbc7d69f',24,24,1314,'image/png','c5e292e2c5386195',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4d106e47b0c','drawn/test/stripe/stripe_0035.png',3,'stripe','test','drawn',0,NULL,'2026-11-29 20:26:01.608000','c4845690d7b4ccbe7dbde96ff99c5582e32c829c5f5db502ba18c4ee1c358d25',24,24,1315,'image/png','9946b97064703946',NULL,'flagged','cut off?',4,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4d2d99eeea6','drawn/test/stripe/stripe_0036.png',3,'stripe','test','drawn',0,NULL,'2026-11-29 20:26:01.608000','4db86451655b04a23223f20dde687642e63bd8b1c8239741cdb3cc232b683868',24,24,1319,'image/png','9966e2c1d1e224d6',NULL,NULL,'',5,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4d34ebdedf6','drawn/train/circle/circle_0001.png',1,'disc','train','drawn',0,NULL,'2026-11-29 20:26:01.608000','dab96f7051c82b8cd042406b8b700207aedba6e1f74094aa09c75a188564056a',24,24,1397,'image/png','a888e433d90cd793',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4d46bee1719','drawn/train/circle/circle_0002.png',NULL,NULL,'train','drawn',0,NULL,'2026-11-29 20:26:01.608000','f85c00cebc77ef5621218c691fed3c1f9c49eba22abf6cbb005fc6e7694405d1',24,24,1383,'image/png','31cde6311c6e3391',NULL,NULL,'',2,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4d56cfc12bc','drawn/train/circle/circle_0003.png',1,'disc','train','drawn',0,NULL,'2026-11-29 20:26:01.608000','353c555117f0fbb970d3f2194af5f75333cefdda6c0673403c3a67a4a2e6fd67',24,24,1354,'image/png','2292cce2319c0e4b',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4d67ce9e5d2','drawn/train/circle/circle_0004.png',1,'disc','train','drawn',0,NULL,'2026-11-29 20:26:01.608000','f4b6f4bebdee5109a3a702b97e29ed1a6e75bd710a624511b7f2127bf5c0fb76',24,24,1388,'image/png','9288c473b84c9753',NULL,NULL,'',1,0,'patient 7');
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4d78209efa4','drawn/train/circle/circle_0005.png',1,'disc','train','drawn',0,NULL,'2026-11-29 20:26:01.608000','133b5938a35a0077f2504c920f291770d0a7a47141d3ca6dc094d0229a4eff2a',24,24,1399,'image/png','289ac462b94c9633',NULL,NULL,'',1,0,'patient 7');
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4d8f71d6b52','drawn/train/circle/circle_0006.png',1,'disc','train','drawn',0,NULL,'2026-11-29 20:26:01.608000','3767b82d5449c60f435a0ef84926852388fb595fbe2f585b665be2b6ec476373',24,24,1368,'image/png','4c99cde3b85c2709',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4d9ee31cd3a','drawn/train/square/square_0007.png',2,'square','train','drawn',0,'2026-11-29 20:26:03.814000','2026-11-29 20:26:01.608000','8b35e7b12812c9b8979ea8157e6646caa56113b0ef23844d8625d240ba734af5',24,24,1302,'image/png','30686c71330d558d',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4dad68ff3bd','drawn/train/square/square_0008.png',2,'square','train','drawn',0,'2026-11-29 20:26:03.814000','2026-11-29 20:26:01.608000','bcc66d78a6c04222408c4a2e365ebba1936ebffc2e032d5ce5a518d0d1346cf1',24,24,1275,'image/png','e3d1d1e2659c5098',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4db80c6c4da','drawn/train/square/square_0009.png',2,'square','train','drawn',0,'2026-11-29 20:26:03.814000','2026-11-29 20:26:01.608000','3de2028f5d160b33671cc5370f5b6f31be2f3806245e45d5f8309ae9a30b4df5',24,24,1304,'image/png','24e2d1d9e2671929',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4dce4a59186','drawn/train/square/square_0010.png',2,'square','train','drawn',0,'2026-11-29 20:26:03.814000','2026-11-29 20:26:01.608000','f61ff153d3aa5051d34be3e52e44b826c6e771c2ebfbe165c5b8989997eb0ca2',24,24,1300,'image/png','32786c7031569233',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4dd7897b143','drawn/train/square/square_0011.png',2,'square','train','drawn',0,'2026-11-29 20:26:03.814000','2026-11-29 20:26:01.608000','4dd7041fa99d8ad58c10f368bd404722de1ff6e8edecb79bd3260652c26dc077',24,24,1312,'image/png','cd19386c6439da34',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4dedddf7141','drawn/train/square/square_0012.png',2,'square','train','drawn',0,'2026-11-29 20:26:03.814000','2026-11-29 20:26:01.608000','65cc738d670fd17d4e8ecfe1f6fd9e645857cca0b2c63e69524f0737e942505e',24,24,1261,'image/png','c8a563c9d9f2668a',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4dfc1de80aa','drawn/train/stripe/stripe_0013.png',3,'stripe','train','drawn',0,NULL,'2026-11-29 20:26:01.609000','bce1e97b8c424b3b6e12d93482857bea4fb26d90a6e33c0183c4aa2cc3e38ca2',24,24,1314,'image/png','33c6c0b3e2c43182',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4e0f1360f34','drawn/train/stripe/stripe_0014.png',3,'stripe','train','drawn',0,NULL,'2026-11-29 20:26:01.609000','da91bcb37f23446bace9dcc2d1909abefdcff91660394d0c3849c88c32c4db21',24,24,1257,'image/png','33686c7833c62961',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4e1186f669e','drawn/train/stripe/stripe_0015.png',3,'stripe','train','drawn',0,NULL,'2026-11-29 20:26:01.609000','faae214cf76e3584a24edc5a08e92a73a0c70a3a54031dcce6faf5c93797d159',24,24,1326,'image/png','c4a425c4c86c4e43',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4e20a9d8387','drawn/train/stripe/stripe_0016.png',3,'stripe','train','drawn',0,NULL,'2026-11-29 20:26:01.609000','e7cbc87feeacac63712089761d372b9154eb64c36e7dfc4beb33baf86d7efe71',24,24,1288,'image/png','e4c392c2e51e4941',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4e319e1f072','drawn/train/stripe/stripe_0017.png',3,'stripe','train','drawn',0,NULL,'2026-11-29 20:26:01.609000','e41cd4543660c1cd77b061ee2d7af9a383253f56549cf9e0723fdb8d5d16aaa3',24,24,1333,'image/png','31cba424c5cc11d8',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4e4d7bf1c72','drawn/train/stripe/stripe_0018.png',3,'stripe','train','drawn',0,NULL,'2026-11-29 20:26:01.609000','a58cf1f527fb911bf312231b8ac753391662d2dadf3f243ecfe797a73606c6c3',24,24,1321,'image/png','e2d1d1e266983429',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4e5dc7d3e74','drawn/val/circle/circle_0019.png',1,'disc','val','drawn',0,NULL,'2026-11-29 20:26:01.609000','5dac95c0a27edfb0aa7f28d9058e17d762371e8fcd7e7337a901f181976b73ed',24,24,1376,'image/png','69413d8ce2701ca6',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4e610667a5c','drawn/val/circle/circle_0020.png',1,'disc','val','drawn',0,NULL,'2026-11-29 20:26:01.609000','3994b37a34d77e49f2f1f4a5953df0cb413b86c7260bc613e64a3f5f07ff7c4d',24,24,1358,'image/png','67998ae671584ee3',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4e77a88c950','drawn/val/circle/circle_0021.png',1,'disc','val','drawn',0,NULL,'2026-11-29 20:26:01.609000','fb4312ff074233cb5830fbfe59098a7af382b1b8ba69a800ee09818378b1590c',24,24,1368,'image/png','3644148ce3719cae',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4e86fdf72ba','drawn/val/square/square_0022.png',2,'square','val','drawn',0,NULL,'2026-11-29 20:26:01.609000','753fcc8c299d772c4ea08917f062442cb396bf02fba8a237458be28efd2a0d0b',24,24,1314,'image/png','396c64381b4f3354',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4e940b5bf15','drawn/val/square/square_0023.png',2,'square','val','drawn',0,NULL,'2026-11-29 20:26:01.609000','3939817ab56b064ee4603345971aa8455eec7f398c36bf19807b95d9bf674e9e',24,24,1304,'image/png','23e0d9d162b08c6b',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4ea111e5664','drawn/val/square/square_0024.png',2,'square','val','drawn',0,NULL,'2026-11-29 20:26:01.609000','a013d7363fae597b07ed041e7f17fb8e75617c30cb1d3239becb44d89725072d',24,24,1303,'image/png','e2d0d0e2648b45cd',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4eb4a80ce2a','drawn/val/stripe/stripe_0025.png',3,'stripe','val','drawn',0,NULL,'2026-11-29 20:26:01.609000','fd29abaa445cac715bd3bad9c5b23d141649c23e7d5ab4adc2861f8c3070211d',24,24,1311,'image/png','39646c7839a4a10b',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4ecfb5a9c37','drawn/val/stripe/stripe_0026.png',3,'stripe','val','drawn',0,NULL,'2026-11-29 20:26:01.609000','71b8cfea6df9469ac305f554ff484e7b01c311e6acbeb77d5963395b5b0d8013',24,24,1316,'image/png','5632e1c961734483',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc6e027452b93fe4edb35bd1ce','drawn/val/stripe/stripe_0027.png',3,'stripe','val','drawn',0,NULL,'2026-11-29 20:26:01.609000','bb275f01d2f4cc87bd12bcd3c4a2768cec57937192343cc432dc57a0752b917e',24,24,1284,'image/png','46b9f06470b18e48',NULL,NULL,'',3,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc709071af85302abeff6afdc9','more/disc_0001.png',NULL,NULL,NULL,'more',0,NULL,'2026-11-29 20:26:02.256000','aa9c9a63553add1eaf231ee45d520883849471282e0a5bf4fd83bc8135568fcf',24,24,1354,'image/png','9acd62b90ca64b19',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc709071af85302abf9cc86683','more/disc_0002.png',NULL,NULL,NULL,'more',0,NULL,'2026-11-29 20:26:02.256000','4732b372e17e73f805b5bfc1297fa04d77f1c8aa88ad3e48aace30c9d2faff21',24,24,1333,'image/png','c03298c673b8ceb7',NULL,NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc764376e2a7b89c2628785e2a','augmented/bf/bfd66c66737a50edfc7085576c88c3b0.png',2,'square','train','drawn',1,NULL,'2026-11-29 20:26:03.814000','bfd66c66737a50edfc7085576c88c3b0e5f80ef4d936da5deddb69a61f117555',16,16,530,'image/png','70686870310d918c','01a228fc6e027452b93fe4d9ee31cd3a',NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc765076b280a17f0f291b15e6','augmented/51/51fcfe2f1c236cacd1b636888209db2b.png',2,'square','train','drawn',1,NULL,'2026-11-29 20:26:03.814000','51fcfe2f1c236cacd1b636888209db2b857dbcd10ac49961d69599608cba6c8e',16,16,560,'image/png','e0e1d1f1e2649848','01a228fc6e027452b93fe4dad68ff3bd',NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc765a723c921eb3343b3f4438','augmented/3a/3ad7ec849f783a0065722e39f3593675.png',2,'square','train','drawn',1,NULL,'2026-11-29 20:26:03.814000','3ad7ec849f783a0065722e39f3593675f739033d6bc8f10b1aa0cd4f253b2f21',16,16,567,'image/png','60e2d1d1e2e71969','01a228fc6e027452b93fe4db80c6c4da',NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc76667080aa8a0bdd7a2fddcb','augmented/85/857f4e6df6d950d8cccf44f1f70cbfb3.png',2,'square','train','drawn',1,NULL,'2026-11-29 20:26:03.814000','857f4e6df6d950d8cccf44f1f70cbfb36b3865ccc0cbe801b2c3f9cfcd8e3cd3',16,16,559,'image/png','70f0e8f0311693b3','01a228fc6e027452b93fe4dce4a59186',NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc766973599e5588a715c111fe','augmented/37/37b1c944d49e5e80dd6857e16b0bf4c4.png',2,'square','train','drawn',1,NULL,'2026-11-29 20:26:03.814000','37b1c944d49e5e80dd6857e16b0bf4c4a1e4c130d23d01e5bc0b762cd1aa6719',16,16,568,'image/png','8d39706c70389ab6','01a228fc6e027452b93fe4dd7897b143',NULL,'',1,0,NULL);
INSERT INTO "vision_assets" VALUES('01a228fc766d713b8a24b86578a9b768','augmented/df/df412f2b6371f65873dcaba9838aa4ac.png',2,'square','train','drawn',1,NULL,'2026-11-29 20:26:03.814000','df412f2b6371f65873dcaba9838aa4acc1aec6c5f4e2a8adcbfb1749194b3de1',16,16,582,'image/png','89a562d0c9f2628a','01a228fc6e027452b93fe4dedddf7141',NULL,'',1,0,NULL);
CREATE INDEX ix_jobs_run ON jobs (run_id);
CREATE INDEX ix_jobs_status ON jobs (status, job_id);
CREATE INDEX ix_vision_assets_content_hash ON vision_assets (content_hash);
CREATE INDEX ix_vision_assets_parent ON vision_assets (parent_asset_id);
CREATE UNIQUE INDEX uq_vision_assets_file_path_living ON vision_assets (file_path) WHERE is_deleted IS 0;
CREATE INDEX ix_asset_changes_asset ON asset_changes (asset_id, revision_id);
CREATE INDEX ix_predictions_run_confidence ON predictions (run_id, confidence, asset_id);
CREATE TRIGGER count_inserted AFTER INSERT ON vision_assets BEGIN 
        INSERT INTO asset_counts (label_key, split_key, is_augmented, num_assets)
        SELECT coalesce(NEW.label_id, 0), coalesce(NEW.split_type, ''), NEW.is_augmented,
               1
        WHERE NOT NEW.is_deleted
        ON CONFLICT (label_key, split_key, is_augmented)
        DO UPDATE SET num_assets = num_assets + excluded.num_assets; END;
CREATE TRIGGER count_deleted AFTER DELETE ON vision_assets BEGIN 
        INSERT INTO asset_counts (label_key, split_key, is_augmented, num_assets)
        SELECT coalesce(OLD.label_id, 0), coalesce(OLD.split_type, ''), OLD.is_augmented,
               -1
        WHERE NOT OLD.is_deleted
        ON CONFLICT (label_key, split_key, is_augmented)
        DO UPDATE SET num_assets = num_assets + excluded.num_assets; END;
CREATE TRIGGER count_updated AFTER UPDATE OF label_id, split_type, is_augmented, is_deleted ON vision_assets WHEN NEW.label_id IS NOT OLD.label_id OR NEW.split_type IS NOT OLD.split_type OR NEW.is_augmented IS NOT OLD.is_augmented OR NEW.is_deleted IS NOT OLD.is_deleted BEGIN 
        INSERT INTO asset_counts (label_key, split_key, is_augmented, num_assets)
        SELECT coalesce(OLD.label_id, 0), coalesce(OLD.split_type, ''), OLD.is_augmented,
               -1
        WHERE NOT OLD.is_deleted
        ON CONFLICT (label_key, split_key, is_augmented)
        DO UPDATE SET num_assets = num_assets + excluded.num_assets; 
        INSERT INTO asset_counts (label_key, split_key, is_augmented, num_assets)
        SELECT coalesce(NEW.label_id, 0), coalesce(NEW.split_type, ''), NEW.is_augmented,
               1
        WHERE NOT NEW.is_deleted
        ON CONFLICT (label_key, split_key, is_augmented)
        DO UPDATE SET num_assets = num_assets + excluded.num_assets; END;
CREATE INDEX ix_label_class_states_revision ON label_class_states (revision_id);
CREATE INDEX ix_vision_assets_living ON vision_assets (asset_id) WHERE is_deleted IS 0;
CREATE INDEX ix_vision_assets_label ON vision_assets (label_id, asset_id) WHERE is_deleted IS 0;
CREATE INDEX ix_vision_assets_split ON vision_assets (split_type, asset_id) WHERE is_deleted IS 0;
CREATE INDEX ix_vision_assets_label_split ON vision_assets (label_id, split_type, asset_id) WHERE is_deleted IS 0;
CREATE INDEX ix_vision_assets_source ON vision_assets (source_dataset, asset_id) WHERE is_deleted IS 0;
CREATE INDEX ix_vision_assets_review ON vision_assets (review_state, asset_id) WHERE is_deleted IS 0;
CREATE INDEX ix_vision_assets_augmented ON vision_assets (is_augmented, asset_id) WHERE is_deleted IS 0;
CREATE INDEX ix_vision_assets_unlabelled ON vision_assets (asset_id) WHERE is_deleted IS 0 AND label_id IS NULL;
CREATE INDEX ix_vision_assets_unassigned ON vision_assets (asset_id) WHERE is_deleted IS 0 AND split_type IS NULL;
CREATE INDEX ix_vision_assets_group ON vision_assets (group_key) WHERE is_deleted IS 0 AND group_key IS NOT NULL;
CREATE INDEX ix_duplicate_members_group ON duplicate_members (group_id, asset_id);
CREATE TRIGGER count_source_inserted AFTER INSERT ON vision_assets BEGIN 
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT 'source', coalesce(NEW.source_dataset, ''), 1
        WHERE NOT NEW.is_deleted
        ON CONFLICT (facet, value) DO UPDATE SET num_assets = num_assets + excluded.num_assets; END;
CREATE TRIGGER count_source_deleted AFTER DELETE ON vision_assets BEGIN 
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT 'source', coalesce(OLD.source_dataset, ''), -1
        WHERE NOT OLD.is_deleted
        ON CONFLICT (facet, value) DO UPDATE SET num_assets = num_assets + excluded.num_assets; END;
CREATE TRIGGER count_source_updated AFTER UPDATE OF source_dataset, is_deleted ON vision_assets WHEN NEW.source_dataset IS NOT OLD.source_dataset OR NEW.is_deleted IS NOT OLD.is_deleted BEGIN 
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT 'source', coalesce(OLD.source_dataset, ''), -1
        WHERE NOT OLD.is_deleted
        ON CONFLICT (facet, value) DO UPDATE SET num_assets = num_assets + excluded.num_assets; 
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT 'source', coalesce(NEW.source_dataset, ''), 1
        WHERE NOT NEW.is_deleted
        ON CONFLICT (facet, value) DO UPDATE SET num_assets = num_assets + excluded.num_assets; END;
CREATE TRIGGER count_review_inserted AFTER INSERT ON vision_assets BEGIN 
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT 'review', coalesce(NEW.review_state, ''), 1
        WHERE NOT NEW.is_deleted
        ON CONFLICT (facet, value) DO UPDATE SET num_assets = num_assets + excluded.num_assets; END;
CREATE TRIGGER count_review_deleted AFTER DELETE ON vision_assets BEGIN 
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT 'review', coalesce(OLD.review_state, ''), -1
        WHERE NOT OLD.is_deleted
        ON CONFLICT (facet, value) DO UPDATE SET num_assets = num_assets + excluded.num_assets; END;
CREATE TRIGGER count_review_updated AFTER UPDATE OF review_state, is_deleted ON vision_assets WHEN NEW.review_state IS NOT OLD.review_state OR NEW.is_deleted IS NOT OLD.is_deleted BEGIN 
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT 'review', coalesce(OLD.review_state, ''), -1
        WHERE NOT OLD.is_deleted
        ON CONFLICT (facet, value) DO UPDATE SET num_assets = num_assets + excluded.num_assets; 
        INSERT INTO asset_facet_counts (facet, value, num_assets)
        SELECT 'review', coalesce(NEW.review_state, ''), 1
        WHERE NOT NEW.is_deleted
        ON CONFLICT (facet, value) DO UPDATE SET num_assets = num_assets + excluded.num_assets; END;
CREATE INDEX ix_revisions_author ON revisions (author, num_changes, revision_id);
CREATE INDEX ix_predictions_run_label ON predictions (run_id, label_id, confidence, asset_id);
CREATE INDEX ix_predictions_run_entropy ON predictions (run_id, entropy, asset_id);
CREATE INDEX ix_predictions_run_label_quality ON predictions (run_id, label_quality, asset_id);
CREATE INDEX ix_assignments_person ON assignments (person, asset_id);
COMMIT;
